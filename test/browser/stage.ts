import { onTestFinished } from 'vitest';
import { type LocalServer, serve } from '../../lib/adapters/local/http-server.ts';
import { pageAsset } from '../../lib/adapters/local/page-files.ts';
import { createChanges } from '../../lib/cli/local/changes.ts';
import { dashboard } from '../../lib/dashboard/app.ts';
import type { DashboardPorts, DashboardState } from '../../lib/dashboard/ports.ts';
import { UserError } from '../../lib/model/errors.ts';

/** The real page on a real port, over a state that the test sets. */
export interface Stage {
  url: string;
  port: number;
  /** `repository:tag` of each push that was taken; a tag `refused` is not. */
  pushes: string[];
  /** Changes the state, and tells the page that it changed. */
  change(edit: (state: DashboardState) => void): void;
  /** Ends the server with all its connections. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
}

/** Whether there are forms to push with, and the repositories that have none all the same. */
export interface StageOptions {
  pushes?: boolean;
  elsewhere?: string[];
}

/** Serves the page until the test ends. */
export async function stage(state: DashboardState, options: StageOptions = {}): Promise<Stage> {
  const changes = createChanges(1);
  const pushes: string[] = [];
  const ports: DashboardPorts = {
    state: async () => state,
    metrics: () => Promise.reject(new Error('the page has them in its state')),
    changes: (signal) => changes.listen(signal),
    isElsewhere: (repository) => options.elsewhere?.includes(repository) === true,
    asset: pageAsset,
    ...(options.pushes !== false && {
      push: async (repository: string, tag: string) => {
        if (tag === 'refused') throw new UserError('"refused" is not a tag that can be pushed', { code: 'bad-tag' });
        pushes.push(`${repository}:${tag}`);
      },
    }),
  };
  const errors: unknown[] = [];
  const open = (port: number) =>
    serve((own) => dashboard(ports, own), { port, onError: (error) => errors.push(error) });
  let server: LocalServer = await open(0);
  const { url, port } = server;
  onTestFinished(async () => {
    await server.stop();
    if (errors.length > 0) throw new AggregateError(errors, 'the page could not be answered');
  });
  return {
    url,
    port,
    pushes,
    change(edit) {
      edit(state);
      changes.changed();
    },
    stop: () => server.stop(),
    async start() {
      server = await open(port);
    },
  };
}
