import { type LocalServer, serve } from '../../adapters/local/http-server.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import type { Io } from '../command.ts';
import { hookBodyLimit, hookPath } from './registry-hook.ts';

type App = (request: Request) => Promise<Response>;

/** The page's server. It has its port from the start, and says that it is starting until there is something to show. */
export interface Page extends LocalServer {
  show(app: App, onError: (error: unknown) => void): void;
}

/** Listens on the first port of the list that is free. Throws `UserError` when none is. */
export async function openPage(ports: readonly number[], io: Pick<Io, 'stderr'>): Promise<Page> {
  let app: App = async () =>
    new Response('Windlass is starting: try again in a few seconds\n', {
      status: 503,
      headers: { 'content-type': 'text/plain', 'retry-after': '2' },
    });
  let onError: (error: unknown) => void = (error) => io.stderr.write(`the page: ${messageOf(error)}\n`);
  const server = await listen(
    ports,
    () => (request) => app(request),
    (error) => onError(error),
  );
  return {
    ...server,
    show: (shown, tell) => {
      app = shown;
      onError = tell;
    },
  };
}

async function listen(
  [port = 0, ...others]: readonly number[],
  appFor: () => App,
  onError: (error: unknown) => void,
): Promise<LocalServer> {
  try {
    return await serve(appFor, { port, onError, bodyLimits: { [hookPath]: hookBodyLimit } });
  } catch (error) {
    if (others.length === 0 || !(error instanceof UserError) || error.code !== 'port-in-use') throw error;
    return await listen(others, appFor, onError);
  }
}
