/** `repository:tag@digest`, taken apart. At least one of tag and digest is there in a pinned reference; both may be missing. */
export interface ImageRef {
  /** Registry host and path, as written: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web`, `ghcr.io/acme/worker`, `nginx`. */
  repository: string;
  tag?: string;
  /** `sha256:` and 64 hex digits. */
  digest?: string;
}

const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const digestPattern = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-fA-F0-9]{32,}$/;
const repositoryPattern = /^[A-Za-z0-9](?:[A-Za-z0-9._:/-]*[A-Za-z0-9])?$/;

/** True for a tag of the OCI distribution specification (section "Pulling manifests"). */
export function isTag(text: string): boolean {
  return tagPattern.test(text);
}

/** True for `algorithm:hex`. */
export function isDigest(text: string): boolean {
  return digestPattern.test(text);
}

/** Takes an image reference apart; undefined when the text is none. A colon before the last slash belongs to a registry's port. */
export function parseImageRef(text: string): ImageRef | undefined {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(':');
  const tagged = colon > named.lastIndexOf('/');
  const repository = tagged ? named.slice(0, colon) : named;
  const tag = tagged ? named.slice(colon + 1) : undefined;
  if (!repositoryPattern.test(repository)) return undefined;
  if (tag !== undefined && !isTag(tag)) return undefined;
  if (digest !== undefined && !isDigest(digest)) return undefined;
  return { repository, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** Writes a reference back: `repository[:tag][@digest]`. */
export function formatImageRef(ref: ImageRef): string {
  return `${ref.repository}${ref.tag === undefined ? '' : `:${ref.tag}`}${ref.digest === undefined ? '' : `@${ref.digest}`}`;
}

/** A reference for people: without the registry's host, and with the first twelve digits of its digest. */
export function shortImageRef(text: string): string {
  const ref = parseImageRef(text);
  if (ref === undefined) return text;
  const [host, ...path] = ref.repository.split('/');
  // As Docker does: what has a dot, a port or this name is a host.
  const isHost = path.length > 0 && /[.:]|^localhost$/.test(host!);
  const digest = ref.digest?.replace(/^([^:]+:[0-9a-f]{12}).*$/, '$1');
  return formatImageRef({ ...ref, repository: isHost ? path.join('/') : ref.repository, digest });
}
