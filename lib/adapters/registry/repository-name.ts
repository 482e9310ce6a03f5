import { UserError } from '../../model/errors.ts';

/** Where a repository is. */
export interface Place {
  /** As images are named and credentials are kept: `docker.io`, `ghcr.io`, `127.0.0.1:5000`. */
  host: string;
  /** `https://registry-1.docker.io`, without a slash at the end. */
  origin: string;
  /** The path in the registry: `library/nginx`. */
  path: string;
  /** The repository as it was written, for messages. */
  written: string;
}

/** The grammar of `<name>` in the OCI distribution specification ("Pulling manifests"). */
const pathPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const hostPattern = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?$/;
const dockerHub = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * Finds the registry of a repository as Docker does: the first part is a host when it has a dot or a colon or is `localhost`, else the
 * repository is Docker Hub's. HTTPS, but plain HTTP for this machine and for the hosts in `plainHttp`. Throws `UserError` for an impossible name.
 */
export function placeOf(repository: string, plainHttp: readonly string[] = []): Place {
  const slash = repository.indexOf('/');
  const first = slash < 0 ? '' : repository.slice(0, slash);
  const hasHost = first.includes('.') || first.includes(':') || first === 'localhost';
  const host = (hasHost ? first : 'docker.io').toLowerCase();
  const rest = hasHost ? repository.slice(slash + 1) : repository;
  const isHub = dockerHub.has(host);
  const path = isHub && !rest.includes('/') ? `library/${rest}` : rest;
  if (!hostPattern.test(host) || !pathPattern.test(path) || path.length > 255) {
    throw new UserError(`${JSON.stringify(repository)} is not the name of a repository: HOST/path, in small letters`, {
      code: 'repository-name',
      subject: repository,
    });
  }
  if (isHub) return { host: 'docker.io', origin: 'https://registry-1.docker.io', path, written: repository };
  const scheme = isLoopback(host.replace(/:\d+$/, '')) || plainHttp.includes(host) ? 'http' : 'https';
  return { host, origin: `${scheme}://${host}`, path, written: repository };
}

/** True for the names of this machine. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}
