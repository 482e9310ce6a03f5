import type { Credentials, Kubeconfig } from './credentials.ts';

type Fields = Record<string, unknown>;

const clusterFields = new Set([
  'server',
  'certificate-authority-data',
  'insecure-skip-tls-verify',
  'tls-server-name',
  'proxy-url',
]);
const userFields = new Set(['client-certificate-data', 'client-key-data', 'token']);

/**
 * A context of a kubeconfig, the current one unless named, that holds all it needs, certificates or a token, by itself. Undefined for any other: what it says
 * of files, plug-ins, providers or impersonation, and what is wrong with it, is for the library (kubeconfig-library.ts).
 */
export async function kubeconfigData(text: string, name?: string): Promise<Kubeconfig | undefined> {
  const whole = fieldsOf(await parsed(text));
  const context = named(whole?.['contexts'], name ?? whole?.['current-context'], 'context');
  const cluster = named(whole?.['clusters'], context?.['cluster'], 'cluster');
  const user = named(whole?.['users'], context?.['user'], 'user');
  if (cluster === undefined || user === undefined) return undefined;
  if (!hasOnly(cluster, clusterFields) || !hasOnly(user, userFields)) return undefined;
  const { server, 'proxy-url': proxyUrl } = cluster as { server?: string; 'proxy-url'?: string };
  if (server === undefined) return undefined;
  const credentials = credentialsOf(cluster, user);
  return { server, proxyUrl, authenticate: async () => credentials };
}

/** The user of a context of a kubeconfig as it is written; empty where there is none. */
export async function userFieldsIn(text: string, name?: string): Promise<Fields> {
  const whole = fieldsOf(await parsed(text));
  const context = first(whole?.['contexts'], name ?? whole?.['current-context'], 'context');
  return first(whole?.['users'], context?.['user'], 'user') ?? {};
}

/** The name and the server of a context's cluster as they are written; empty where they are not there. */
export async function clusterIn(text: string, name: string): Promise<{ cluster: string; server: string }> {
  const whole = fieldsOf(await parsed(text));
  const context = first(whole?.['contexts'], name, 'context');
  const server = first(whole?.['clusters'], context?.['cluster'], 'cluster')?.['server'];
  return { cluster: String(context?.['cluster'] ?? ''), server: String(server ?? '') };
}

/** The names of the contexts of a kubeconfig, and which one is current; none for a text that is no kubeconfig. */
export async function contextsIn(text: string): Promise<{ names: string[]; current: string | undefined }> {
  const whole = fieldsOf(await parsed(text));
  const list = Array.isArray(whole?.['contexts']) ? whole['contexts'] : [];
  const names = list.map((entry) => fieldsOf(entry)?.['name']).filter((name) => typeof name === 'string');
  const current = whole?.['current-context'];
  return { names, current: typeof current === 'string' && current !== '' ? current : undefined };
}

async function parsed(text: string): Promise<unknown> {
  try {
    return JSON.parse(text);
  } catch {
    const { load, YAMLException } = await import('js-yaml');
    try {
      return load(text);
    } catch (error) {
      if (error instanceof YAMLException) return undefined;
      throw error;
    }
  }
}

function first(list: unknown, wanted: unknown, what: string): Fields | undefined {
  const entries = Array.isArray(list) ? list.map(fieldsOf) : [];
  return fieldsOf(entries.find((entry) => entry?.['name'] === wanted)?.[what]);
}

function named(list: unknown, name: unknown, what: string): Fields | undefined {
  if (!Array.isArray(list) || typeof name !== 'string') return undefined;
  const found = list.map(fieldsOf).filter((entry) => entry?.['name'] === name);
  return found.length === 1 ? fieldsOf(found[0]?.[what]) : undefined;
}

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
}

function hasOnly(fields: Fields, known: ReadonlySet<string>): boolean {
  return Object.entries(fields).every(
    ([name, value]) =>
      known.has(name) &&
      (name === 'insecure-skip-tls-verify' ? typeof value === 'boolean' : typeof value === 'string' && value !== ''),
  );
}

function credentialsOf(cluster: Fields, user: Fields): Credentials {
  const bytes = (value: unknown) => (value === undefined ? undefined : Buffer.from(value as string, 'base64'));
  const tls: Credentials['tls'] = {
    ca: bytes(cluster['certificate-authority-data']),
    cert: bytes(user['client-certificate-data']),
    key: bytes(user['client-key-data']),
    servername: cluster['tls-server-name'] as string | undefined,
    ...(cluster['insecure-skip-tls-verify'] === true && { rejectUnauthorized: false }),
  };
  const token = user['token'] as string | undefined;
  return {
    tls: Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
  };
}
