import { messageOf, RetryableError, UserError } from '../../model/errors.ts';

/** What a connection needs: TLS material is used when connecting, headers with each request. */
export interface Credentials {
  tls: {
    ca?: string | Buffer;
    cert?: string | Buffer;
    key?: string | Buffer;
    servername?: string;
    rejectUnauthorized?: boolean;
  };
  headers: Record<string, string>;
}

/** Where an API server is and how to be let in. */
export interface Access {
  /** `https://host:port`, perhaps with a path. */
  server: string;
  /** Asked again and again: tokens expire. `fresh` forgets what is cached, after the server said 401. */
  credentials(fresh?: boolean): Promise<Credentials>;
}

/** Tokens from files and plug-ins are asked for again after this time; both kinds cache by themselves as well. */
const credentialsLife = 30_000;

/**
 * Reads a kubeconfig's current context: certificates, tokens, token files and exec plug-ins.
 * Throws `UserError` where the file cannot be used.
 */
export async function accessFromKubeconfig(file: string): Promise<Access> {
  let config = await load(file);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new UserError(`${file}: its current context names no cluster (kubectl config use-context NAME sets one)`, {
      code: 'kubeconfig',
      subject: file,
    });
  }
  checkServer(file, cluster);
  let cached: { until: number; credentials: Credentials } | undefined;
  return {
    server: cluster.server.replace(/\/+$/, ''),
    async credentials(fresh = false) {
      if (fresh) config = await load(file);
      if (fresh || cached === undefined || cached.until < Date.now()) {
        cached = { until: Date.now() + credentialsLife, credentials: await authenticate(file, config) };
      }
      return cached.credentials;
    },
  };
}

// The package's index loads every generated model class; the config module alone is half of that, and is loaded only when a cluster is used.
async function load(file: string) {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new UserError(
      missing ? `${file}: there is no such kubeconfig` : `${file} is not a kubeconfig: ${firstLine(error)}`,
      {
        code: 'kubeconfig',
        subject: file,
      },
    );
  }
  return config;
}

function checkServer(file: string, cluster: { server: string; proxyUrl?: string }): void {
  const problem = !cluster.server?.startsWith('https://')
    ? `its server "${cluster.server}" is not an https:// address`
    : cluster.proxyUrl !== undefined
      ? 'proxy-url is not supported'
      : undefined;
  if (problem !== undefined) throw new UserError(`${file}: ${problem}`, { code: 'kubeconfig', subject: file });
}

async function authenticate(file: string, config: Awaited<ReturnType<typeof load>>): Promise<Credentials> {
  const options: Credentials['tls'] & { headers?: Record<string, string>; auth?: string } = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const message = `${file}: its credentials cannot be had: ${firstLine(error)}`;
    const exec = config.getCurrentUser()?.exec !== undefined;
    if (exec && (error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new RetryableError(message, { code: 'credentials', subject: file });
    throw new UserError(message, { code: 'kubeconfig', subject: file });
  }
  const { ca, cert, key, servername, rejectUnauthorized, headers = {}, auth } = options;
  const basic: Record<string, string> =
    auth === undefined ? {} : { authorization: `Basic ${Buffer.from(auth).toString('base64')}` };
  return {
    tls: defined({ ca, cert, key, servername, rejectUnauthorized }),
    headers: lowerCased({ ...headers, ...basic }),
  };
}

function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function firstLine(error: unknown): string {
  return messageOf(error).trim().split('\n')[0] || 'no reason was given';
}
