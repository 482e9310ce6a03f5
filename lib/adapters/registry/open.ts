import { setTimeout as wait } from 'node:timers/promises';
import type { Registry } from '../../bump/ports.ts';
import { type ImageSource, lookInto } from '../../model/image-contents.ts';
import { Authorization } from './authorization.ts';
import { RegistryClient } from './client.ts';
import type { Credentials } from './credentials.ts';
import { Exchange } from './exchange.ts';
import { digestOfTag, imageSource } from './manifests.ts';
import { placeOf } from './repository-name.ts';
import { listTags } from './tag-list.ts';

/** How registries are asked. Everything has a default. */
export interface OciOptions {
  /** Default: nobody is shown credentials. */
  credentials?: Credentials;
  /** Hosts (`registry.test:5000`) that are asked by plain HTTP; this machine always is. */
  plainHttp?: readonly string[];
  /** By a registry's host: hosts outside of its domain that may be shown its credentials in exchange for a token. */
  realmHosts?: Readonly<Record<string, readonly string[]>>;
  userAgent?: string;
  /** At once, to one host. Default 4. */
  requestsPerHost?: number;
  /** Of one request, in milliseconds. Default 30 s. */
  timeoutMs?: number;
  /** Pages of tags of one repository; more are an error. Default 1,000. */
  mostPages?: number;
  fetch?: typeof fetch;
  now?: () => Date;
  sleep?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Any registry of the OCI Distribution API, version 2: GHCR, Docker Hub, Quay, Harbor, the standard registry. Keep one for the life of the process: it
 * holds tokens, and documents that need not be sent again.
 */
export function openOciRegistry(options: OciOptions = {}): Registry {
  const { plainHttp = [], mostPages = 1000 } = options;
  const client = clientWith(options);
  return {
    tags: async (repository) => {
      const tags = await listTags(client, placeOf(repository, plainHttp), mostPages);
      return tags.map((tag) => ({ tag }));
    },
    tag: async (repository, tag) => {
      const digest = await digestOfTag(client, placeOf(repository, plainHttp), tag);
      return digest === undefined ? undefined : { tag, digest };
    },
    details: async (repository, reference) => lookInto(imageSource(client, placeOf(repository, plainHttp)), reference),
    scan: async (repository) => ({
      state: 'none',
      reason: `${placeOf(repository, plainHttp).host} tells of no scans: only Amazon ECR does`,
    }),
  };
}

/** The documents of any repository of such registries, for what is no image: a chart. */
export function openOciDocuments(options: OciOptions = {}): (repository: string) => ImageSource {
  const client = clientWith(options);
  return (repository) => imageSource(client, placeOf(repository, options.plainHttp ?? []));
}

function clientWith(options: OciOptions): RegistryClient {
  const { realmHosts = {}, userAgent = 'windlass', requestsPerHost = 4, timeoutMs = 30_000 } = options;
  const { credentials = async () => undefined, now = () => new Date(), sleep = (ms) => wait(ms) } = options;
  const exchange = new Exchange({ fetch: options.fetch ?? fetch, now, sleep, requestsPerHost, timeoutMs });
  const authorization = new Authorization({ exchange, credentials, realmHosts, userAgent, now });
  return new RegistryClient({ exchange, authorization, userAgent, now });
}
