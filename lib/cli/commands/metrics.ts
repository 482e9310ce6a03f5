import { type DriftMetrics, longestDays } from '../../model/drift-figures.ts';
import { RetryableError, UserError } from '../../model/errors.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { printJson } from '../output/json.ts';
import { printMetrics } from '../output/metrics.ts';
import { findLocalLoop } from '../wiring.ts';
import { tableMetrics } from '../wiring-records.ts';

const usualDays = 30;

/** `windlass metrics`: how fast drift was found and put right. */
export const metrics: Command = {
  name: 'metrics',
  summary: 'show how fast drift was found and put right, from the records',
  details: `Measures the incidents of drift that opened in the last days, by sync and over all: the time to detect (from the change to people
being told) and the time to recover (from people being told to the end), each with its mean, median and 95th percentile. It says which
incidents have no such time: nobody knows when something was deleted, and what is still open is not over.

Reads the records of a running "windlass local", or with --table those of AWS (the state table: output StateTable of the stack), with this
machine's credentials, which need dynamodb:Query on the table. AWS_ENDPOINT_URL_DYNAMODB names another endpoint.

JSON: { from, to, overall, syncs: { NAME: ... }, classes: { changed | missing | added | unmanaged | many: ... } }, each of them
{ incidents, open, notTimed, detect, recover }; detect and recover are { count, mean, p50, p95 } in seconds, left out where there is nothing.`,
  options: {
    table: { type: 'string', value: 'NAME', help: 'the DynamoDB table of states and incidents' },
    region: { type: 'string', value: 'REGION', help: 'its region (default: as your AWS settings say)' },
    days: { type: 'string', value: 'N', help: `of the last so many days (default: ${usualDays})` },
    dir: { type: 'string', value: 'DIR', help: 'the directory of the running loop (default: .windlass)' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: ['windlass metrics', 'windlass metrics --table windlass-state --region eu-west-1 --days 90 --json'],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const days = daysOf(args.text('days'));
  const [table, region, dir] = ['table', 'region', 'dir'].map((name) => args.text(name));
  if (table !== undefined && dir !== undefined)
    throw new UserError('--table is for the records of AWS, and --dir for those of a running loop: give one', {
      code: 'usage',
    });
  if (table === undefined && region !== undefined)
    throw new UserError('--region is for the records of AWS: give --table, too', { code: 'usage' });
  const figures =
    table === undefined ? await metricsOfLoop(io, dir, days) : await tableMetrics(io, { table, region, days });
  if (args.flag('json')) printJson(io, figures);
  else printMetrics(io, figures, days);
  return 0;
}

function daysOf(text: string | undefined): number {
  if (text === undefined) return usualDays;
  const days = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= longestDays) return days;
  throw new UserError(`--days "${text}" is not a number of days: 1 to ${longestDays}`, { code: 'usage' });
}

async function metricsOfLoop(io: Io, dir: string | undefined, days: number): Promise<DriftMetrics> {
  const { url } = await findLocalLoop(io, dir);
  const at = new URL(`/api/metrics?days=${days}`, url);
  const response = await fetch(at, { signal: io.signal }).catch((cause: unknown) => {
    throw new RetryableError(`the loop at ${url} does not answer`, { code: 'no-answer', cause });
  });
  if (!response.ok)
    throw new RetryableError(`the loop at ${url} answered ${response.status}: does an older Windlass run there?`, {
      code: 'no-answer',
    });
  return (await response.json()) as DriftMetrics;
}
