import { longestDays } from '../../model/drift-figures.ts';
import { UserError } from '../../model/errors.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printJson } from '../output/json.ts';
import { printMetrics } from '../output/metrics.ts';
import { imageOrSync, targetOf } from '../suspend-target.ts';
import { openRecordsOf, recordsOptions } from '../wiring-records.ts';
import { type Count, countOf } from './count.ts';

const count: Count = { usual: 30, most: longestDays, of: 'days' };

/** `windlass metrics`: how changes were delivered, and drift found and put right. */
export const metrics: Command = {
  name: 'metrics',
  summary: 'show how fast and how well changes were delivered, and drift put right',
  positionals: '[image/NAME|sync/NAME]',
  details: `Measures what happened in the last days: how often roll-outs became healthy and how many failed, how long it took from the commit that
an image was built of (where the image says when that was), from its push and from the commit of its bump to a sync that is healthy with it, how
long it took to restore a sync, and how fast drift was found and put right. Over all, by sync and by image, with its course by days, or by weeks
where it is more than 31. What has no such time is counted, and never guessed. docs/metrics.md says exactly what counts as what.

Reads the records of a running "windlass local", or those of a stack in AWS, with this machine's credentials, which need dynamodb:Query on both
tables. Nothing is scanned: a query for each 100 records of a sync or an image.

JSON: { from, to, delivery: { period, overall, syncs: { NAME: ... }, images: { NAME: ... } }, drift: { overall, syncs, classes } }. Each figure of
delivery is { rollouts, deployments, perDay, failed, rolledBack, undecided, failureRate, leadFromSource, leadFromPush, leadFromCommit, notBumped,
notPushed, noSourceTime, restore, down, periods: [{ from, deployments, failed, leadFromSource, leadFromPush, leadFromCommit, restore }] }; each of
drift is { incidents, open, notTimed, detect, recover }. A time is { count, mean, p50, p95 } in seconds, in a period the median, and is left out
where there is none.`,
  options: {
    days: { type: 'string', value: 'N', help: `of the last so many days (default: ${count.usual})` },
    ...recordsOptions,
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: ['windlass metrics', 'windlass metrics sync/shop-prod --days 90', 'windlass metrics image/web --json'],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const days = countOf(args, 'days', count);
  const scope = scopeOf(args.positionals);
  const { records, shown, close } = await openRecordsOf(args, io);
  try {
    const { readMetrics } = await import('../../audit/metrics.ts');
    const { daysBefore } = await import('../../audit/window.ts');
    const figures = await readMetrics(daysBefore(io.now(), days), records, scope);
    if (args.flag('json')) printJson(io, figures);
    else printMetrics(io, figures, { days, shown, ...(scope !== undefined && { target: targetOf(scope) }) });
    return 0;
  } finally {
    close();
  }
}

function scopeOf([target, ...more]: string[]): { image: string } | { sync: string } | undefined {
  if (target === undefined) return undefined;
  const scope = imageOrSync(target);
  if (scope !== undefined && more.length === 0) return scope;
  const what = 'windlass metrics is about image/NAME, or sync/NAME, or all without either';
  if (more.length > 0) throw new UserError(what, { code: 'usage' });
  throw new UserError(`${what}, and not ${JSON.stringify(target)}${meantBy(target)}`, {
    code: 'usage',
    subject: target,
  });
}

/** `syncs/x` is a sync, and of a bare name nobody knows which of the two it is. */
function meantBy(target: string): string {
  const [, kind, name] = /^(?:(images|syncs)\/)?([\w.-]+)$/.exec(target) ?? [];
  if (name === undefined || /^all(-images|-syncs)?$/.test(target)) return '';
  return `: did you mean ${kind === undefined ? `sync/${name} or image/${name}` : `${kind.slice(0, -1)}/${name}`}?`;
}
