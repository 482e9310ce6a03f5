import { messageOf, RetryableError, UserError } from '../../model/errors.ts';
import type { Credentials, Kubeconfig } from './credentials.ts';

/** A context of a kubeconfig, the current one unless named, as client-node reads it: files, token files, exec plug-ins. Throws `UserError` where it is none. */
export async function kubeconfigByLibrary(file: string, context?: string): Promise<Kubeconfig> {
  // The package's index loads every generated model class; the config module alone is half of that, and still takes 0.3 s.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  try {
    config.loadFromFile(file);
  } catch (error) {
    throw new UserError(`${file} is not a kubeconfig: ${firstLine(error)}`, { code: 'kubeconfig', subject: file });
  }
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new UserError(
      `${file}: ${context === undefined ? 'its current context names no cluster (kubectl config use-context NAME sets one)' : `it has no context "${context}" with a cluster`}`,
      {
        code: 'kubeconfig',
        subject: file,
      },
    );
  }
  const { server, proxyUrl } = cluster;
  return { server, proxyUrl, authenticate: () => authenticate(file, config) };
}

interface LibraryConfig {
  applyToHTTPSOptions(options: object): Promise<void>;
  getCurrentUser(): { exec?: unknown } | null;
}

async function authenticate(file: string, config: LibraryConfig): Promise<Credentials> {
  const options: Credentials['tls'] & { headers?: Record<string, string>; auth?: string } = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    const { exec } = config.getCurrentUser() ?? {};
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const program = (exec as { command?: unknown } | undefined)?.command;
    const why = isMissing && program !== undefined ? notFound(String(program)) : firstLine(error);
    const message = `${file}: its credentials cannot be had: ${why}`;
    if (exec !== undefined && !isMissing) throw new RetryableError(message, { code: 'credentials', subject: file });
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

function notFound(program: string): string {
  return program.includes('/') ? `there is no program ${program}` : `the program ${program} is not on PATH`;
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
