import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { type Problem, UserError } from '../../model/errors.ts';
import type { PullOutcome } from '../../pull/pull.ts';
import type { Args, ExitCode, Io, Option } from '../command.ts';
import { newerHead } from '../newer-head.ts';
import { configTree, kubernetes, renderMemory, uncommittedFiles } from '../wiring.ts';
import { renderers } from '../wiring-renderers.ts';

/** The options of the commands that look at one sync in one cluster. */
export const syncOptions: Record<string, Option> = {
  repo: {
    type: 'string',
    value: 'DIR|URL',
    help: 'the config repo: a Git repository, of which a commit counts, not the files as they are',
    required: true,
  },
  sync: {
    type: 'string',
    value: 'NAME',
    help: 'a sync of windlass.yaml by its expanded name: shop-staging',
    required: true,
  },
  kubeconfig: { type: 'string', value: 'F', help: 'the cluster; else KUBECONFIG, else ~/.kube/config' },
  context: { type: 'string', value: 'NAME', help: 'its context; the current one unless given' },
  branch: { type: 'string', value: 'B', help: "the branch whose head counts; the repository's own unless given" },
  json: { type: 'boolean', help: 'print JSON' },
};

/** The kubeconfig that was named, else that of the environment, else `~/.kube/config`, as with kubectl. Throws `UserError` where there is none. */
export function kubeconfigOf(args: Args, io: Io): string {
  const named = args.text('kubeconfig') ?? io.env['KUBECONFIG'];
  const home = io.env['HOME'];
  if (!named && home) return join(home, '.kube', 'config');
  if (!named) throw new UserError('which cluster? Give --kubeconfig FILE, or set KUBECONFIG', { code: 'usage' });
  return resolve(io.cwd, named);
}

/** Runs one pull, or a dry run of it that writes nothing at all. */
export async function runPull(args: Args, io: Io, { dryRun }: { dryRun: boolean }): Promise<PullOutcome> {
  const kubeconfig = kubeconfigOf(args, io);
  const repo = args.need('repo');
  // Git, kubectl and the API server answer while the flow is loaded. What fails ahead of its time fails again where it is needed.
  const opening = ahead(configTree(io, { repo, branch: args.text('branch'), plainDirectory: dryRun }));
  const uncommitted = ahead(uncommittedFiles(io, repo));
  const tools = renderers(io);
  ahead(tools.kustomizer.version());
  const connecting = ahead(kubernetes(kubeconfig, { readOnly: dryRun, context: args.text('context') }));
  ahead(connecting.then(({ cluster }) => cluster.resource('v1', 'ConfigMap')));
  try {
    const { readHead, syncNamed, pull, rendererWith, dependencyNotices } = await loadFlow();
    const { tree, head: askHead, isAncestor, close } = await opening;
    if (askHead !== undefined) tellUncommitted(io, await uncommitted);
    const newer = dryRun || askHead === undefined ? undefined : newerHead(askHead, tree.revision);
    try {
      const head = await readHead(tree);
      const sync = syncNamed(head, args.need('sync'));
      const { cluster, records, leases, capabilities } = await connecting;
      const notices = ahead(dependencyNotices(sync, tree.revision, records));
      const outcome = await pull(
        { head, sync, dryRun, wait: 'block', run: randomUUID() },
        {
          ...{
            cluster,
            records,
            leases,
            isAncestor,
            now: io.now,
            signal: io.signal,
            newHead: newer?.signal,
            currentHead: askHead,
          },
          renderer: rendererWith({ ...tools, capabilities }, await renderMemory(io, repo)),
          // One pull of a person: the terminal is the report.
          reports: { send: async () => undefined },
          sleep: (milliseconds) => sleepUntil(milliseconds, io.signal),
          ...(io.stderr.isTTY === true && { progress: newLines(io) }),
        },
      );
      return withNotices(outcome, await notices);
    } finally {
      newer?.close();
      await close();
    }
  } finally {
    await connecting.then(
      ({ cluster }) => cluster.close(),
      () => undefined,
    );
  }
}

async function loadFlow() {
  const { readHead, syncNamed } = await import('../../pull/head.ts');
  const { pull } = await import('../../pull/pull.ts');
  const { rendererWith } = await import('../../pull/renderer.ts');
  const { dependencyNotices } = await import('../../pull/dependencies.ts');
  return { readHead, syncNamed, pull, rendererWith, dependencyNotices };
}

function tellUncommitted(io: Io, count: number | undefined): void {
  if (!count) return;
  const files =
    count === 1 ? '1 file is not committed and does not count' : `${count} files are not committed and do not count`;
  io.stderr.write(`note: ${files}\n`);
}

function withNotices(outcome: PullOutcome, added: readonly Problem[]): PullOutcome {
  if (added.length === 0) return outcome;
  return { ...outcome, report: { ...outcome.report, notices: [...added, ...(outcome.report.notices ?? [])] } };
}

/** Something that is begun before it is waited for: who waits is told of its failure. */
function ahead<T>(begun: Promise<T>): Promise<T> {
  begun.catch(() => undefined);
  return begun;
}

/** 2 when all errors are the user's to mend, 3 when one may pass by itself or an object did not become healthy; undefined when all is well. */
export function failureCode({ report, trouble }: PullOutcome): ExitCode | undefined {
  if (report.errors.length > 0) return trouble ? 3 : 2;
  return undefined;
}

/** Prints a line once, however often it is told: waiting says the same each second. */
function newLines(io: Io): (line: string) => void {
  let last = '';
  return (line) => {
    if (line !== last) io.stderr.write(`${line}\n`);
    last = line;
  };
}

function sleepUntil(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      done();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
