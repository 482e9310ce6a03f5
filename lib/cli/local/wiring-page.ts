import { type LocalServer, serve } from '../../adapters/local/http-server.ts';
import { pageAsset } from '../../adapters/local/page-files.ts';
import { readMetrics } from '../../audit/metrics.ts';
import { daysBefore } from '../../audit/window.ts';
import { dashboard } from '../../dashboard/app.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import type { Io } from '../command.ts';
import { readPageState, rememberedMetrics } from './page-state.ts';
import { imageMeant } from './pushes.ts';
import type { RecentCommits } from './recent-commits.ts';
import { hookBodyLimit, hookPath, registryHook } from './registry-hook.ts';
import type { Teller } from './teller.ts';
import type { BumpSide } from './wiring-bump.ts';
import type { Parts } from './wiring-parts.ts';

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

/** What the page shows and takes, beside the parts. */
interface PageBase {
  commits: Pick<RecentCommits, 'read'>;
  images(): string[];
  /** Of webhooks; they are taken only with one. */
  token: string | undefined;
  isReal(repository: string): boolean;
}

/** Puts the state and what a person does there into the page. */
export function showPage(
  page: Page,
  { repo, heads, records, target }: Parts,
  bump: BumpSide,
  { commits, images, token, isReal }: PageBase,
  io: Io,
  teller: Teller,
): void {
  const { port } = page;
  const hook = token === undefined ? undefined : registryHook({ token, port, now: io.now, notified: bump.notified });
  const measure = (days: number) => readMetrics(daysBefore(io.now(), days), records);
  const metrics = rememberedMetrics(() => measure(30), io.now);
  const shownPage = dashboard(
    {
      state: () =>
        readPageState({
          records,
          commits: () => commits.read(),
          config: () => heads.config(),
          problems: () => heads.problems(),
          repo: {
            ...{ url: repo.remote ? repo.shown : repo.url, branch: repo.branch },
            ...(repo.author === undefined && { readOnly: true }),
          },
          cluster: {
            ...{ kubeconfig: target.kubeconfig, server: target.server },
            ...(target.existing && { existing: target.existing }),
          },
          ...{ metrics, now: io.now },
        }),
      metrics: measure,
      changes: (until) => teller.changes.listen(until),
      ...(repo.author !== undefined && {
        push: (word: string, tag: string) => bump.push(imageMeant(word, images()), tag),
      }),
      isElsewhere: isReal,
      asset: pageAsset,
    },
    port,
  );
  page.show(
    (request) => (hook && new URL(request.url).pathname === hookPath ? hook(request) : shownPage(request)),
    (error) => teller.failed('answer the page', error),
  );
}
