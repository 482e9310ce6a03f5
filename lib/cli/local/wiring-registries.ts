import { join } from 'node:path';
import { openSecret } from '../../adapters/local/secret-file.ts';
import { dockerCredentials } from '../../adapters/registry/docker-config.ts';
import { openOciRegistry } from '../../adapters/registry/open.ts';
import { isLoopback, placeOf } from '../../adapters/registry/repository-name.ts';
import type { Registry } from '../../bump/ports.ts';
import type { Config } from '../../config/config.ts';
import { UserError } from '../../model/errors.ts';
import type { Io } from '../command.ts';
import type { createSteps } from '../output/steps.ts';

/** The registries that are asked by their API, as `--registry` named them. */
export interface RealRegistries {
  /** As images are named: `127.0.0.1:5000`. Empty where there is none. */
  hosts: readonly string[];
  /** True for a repository in one of them. */
  has(repository: string): boolean;
  registry: Registry;
}

/** Reads the addresses and opens the registries. No request is made yet. Throws `UserError` for what is no address of a registry. */
export function openRegistries(addresses: readonly string[], io: Pick<Io, 'env' | 'stderr'>): RealRegistries {
  const places = addresses.map(registryAt);
  const hosts = [...new Set(places.map(({ host }) => host))];
  const docker = io.env['DOCKER_CONFIG'];
  return {
    hosts,
    has: (repository) => hosts.includes(hostOf(repository)),
    registry: openOciRegistry({
      plainHttp: places.filter(({ plain }) => plain).map(({ host }) => host),
      credentials: dockerCredentials({
        ...(docker ? { file: join(docker, 'config.json') } : {}),
        onRemark: (text) => io.stderr.write(`${text}\n`),
      }),
    }),
  };
}

/** The token that webhooks must bring; undefined where no registry is asked by its API, so that none can send any. */
export async function openToken({ hosts }: RealRegistries, file: string): Promise<string | undefined> {
  return hosts.length === 0 ? undefined : await openSecret(file);
}

/** Says how many images of windlass.yaml each registry has. */
export function tellRegistries(
  { hosts }: RealRegistries,
  config: Config | undefined,
  steps: ReturnType<typeof createSteps>,
): void {
  const images = Object.values(config?.images ?? {});
  for (const host of hosts) {
    const number = images.filter(({ image }) => hostOf(image) === host).length;
    const words = number === 0 ? 'no image' : number === 1 ? '1 image' : `${number} images`;
    steps.done('registry', `${host}, ${words} of windlass.yaml`);
  }
}

/** The host as images of it are named; `plain` where it is asked by plain HTTP. */
function registryAt(address: string): { host: string; plain: boolean } {
  const bare = !address.includes('://');
  const url = URL.parse(bare ? `https://${address}` : address);
  const isAddress =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    `${url.pathname}${url.search}${url.hash}${url.username}${url.password}` === '/';
  if (!isAddress) throw noRegistry(address, 'write it as http://127.0.0.1:5000 or https://ghcr.io');
  const here = isLoopback(url.hostname);
  if (here && !bare && url.protocol === 'https:')
    throw noRegistry(address, 'registries on this machine are asked by plain HTTP: write http://');
  return { host: hostOf(`${url.host}/any`), plain: here || url.protocol === 'http:' };
}

function hostOf(repository: string): string {
  return placeOf(repository).host;
}

function noRegistry(address: string, todo: string): UserError {
  return new UserError(`--registry ${address.replace(/[^/]*@/, '***@')} is not the address of a registry: ${todo}`, {
    code: 'usage',
  });
}
