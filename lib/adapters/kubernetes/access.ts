import { UserError } from '../../model/errors.ts';
import type { Credentials, Kubeconfig } from './credentials.ts';
import { readKubeconfig } from './kubeconfig.ts';

/** What an API server may answer to whoever comes in this way. */
export type AccessTrouble = 'unauthorized' | 'unreachable' | 'forbidden';

/** Where an API server is and how to be let in. */
export interface Access {
  /** `https://host:port`, perhaps with a path. */
  server: string;
  /** Asked again and again: tokens expire. `fresh` forgets what is cached, after the server said 401. */
  credentials(fresh?: boolean): Promise<Credentials>;
  /** What is probably wrong when the server does not let in, does not answer or forbids to read, where whoever made this knows more than the adapter. */
  hint?(trouble: AccessTrouble): string | undefined;
}

/** Tokens from files and plug-ins are asked for again after this time; both kinds cache by themselves as well. */
const credentialsLife = 30_000;

/**
 * The way in by a context of a kubeconfig, the current one unless named: certificates, tokens, token files and exec plug-ins.
 * Throws `UserError` where the file cannot be used.
 */
export async function accessFromKubeconfig(file: string, context?: string): Promise<Access> {
  let config = await readKubeconfig(file, context);
  checkServer(file, config);
  let cached: { until: number; credentials: Credentials } | undefined;
  return {
    server: config.server.replace(/\/+$/, ''),
    async credentials(fresh = false) {
      if (fresh) config = await readKubeconfig(file, context);
      if (fresh || cached === undefined || cached.until < Date.now()) {
        cached = { until: Date.now() + credentialsLife, credentials: await config.authenticate() };
      }
      return cached.credentials;
    },
  };
}

function checkServer(file: string, { server, proxyUrl }: Kubeconfig): void {
  const problem = !server.startsWith('https://')
    ? `its server "${server}" is not an https:// address`
    : proxyUrl !== undefined
      ? 'proxy-url is not supported'
      : undefined;
  if (problem !== undefined) throw new UserError(`${file}: ${problem}`, { code: 'kubeconfig', subject: file });
}
