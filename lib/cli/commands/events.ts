import { Follower, lastRecords, type Wanted } from '../../audit/follow.ts';
import type { RecordsReader } from '../../audit/ports.ts';
import { readTime } from '../../audit/times.ts';
import { type AuditKind, type AuditRecord, auditKinds } from '../../model/audit-record.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { amongKnown } from '../../model/nearest.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { checkRecorded } from '../known-names.ts';
import { lookAgain } from '../look-again.ts';
import { eventPrinter } from '../output/events.ts';
import { printJson } from '../output/json.ts';
import { openRecordsOf, recordsOptions } from '../wiring-records.ts';

/** Records that are shown at most: the last ones, and of a span of time. */
const usual = { last: 30, following: 10, span: 5_000 };
/** Milliseconds between two looks. */
const every = 2_000;

/** `windlass events`: the records as they come. */
export const events: Command = {
  name: 'events',
  summary: 'show what happens, as it happens',
  details: [
    `Prints the last records, the oldest first: what came in, was bumped, pulled, found and told (docs/records.md has every kind). With --follow it goes on`,
    'until Ctrl-C, and prints each new one once, also when it comes late; times are those of what happened, in UTC.',
    '--sync and --image want records about both where both are given; windlass audit answers more questions.',
    '',
    'Reads the records of a running "windlass local", or those of a stack in AWS with this machine\'s credentials. Following costs a query or two every',
    `${every / 1000} seconds.`,
    'JSON: { events: [{ id, at, kind, actor, subjects, revision, result, summary, details }], more }; with --follow one such event a line, without end.',
    'more: there are others before them.',
    'Exit code: 0; 2 for wrong input, a name that nobody knows, or a stack that is not there; 3 for a failure.',
  ].join('\n'),
  options: {
    follow: { type: 'boolean', short: 'f', help: 'go on with what comes, until Ctrl-C' },
    since: {
      type: 'string',
      value: 'TIME',
      help: `from then on: 1h (ago), 2026-11-22, 2026-11-22T12:00 (default: the last ${usual.last}, or ${usual.following} with --follow)`,
    },
    kind: {
      type: 'string',
      value: 'KIND',
      values: auditKinds,
      multiple: true,
      help: 'only records of this kind: bumped, drift-found',
    },
    sync: { type: 'string', value: 'NAME', help: 'only what is about this sync' },
    image: { type: 'string', value: 'NAME', help: 'only what is about this image policy' },
    ...recordsOptions,
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass events --follow',
    'windlass events --since 1h --kind bumped --kind synced',
    'windlass events -f --sync shop-prod --json | jq -r .summary',
    'windlass events --image web --since 2026-11-22 --stack Windlass --region eu-west-1',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const wanted = wantedOf(args);
  const since = args.text('since') === undefined ? undefined : readTime(args.need('since'), io.now(), '--since');
  const follow = args.flag('follow');
  const most = since !== undefined ? usual.span : follow ? usual.following : usual.last;
  const opened = await openRecordsOf(args, io);
  try {
    const follower = new Follower(opened.records, wanted);
    if (follow) await follower.begin(io.now());
    const first = await lastRecords(opened.records, wanted, { most, ...(since && { since }) });
    if (first.records.length === 0) await checkNames(args, io, opened.records);
    if (!follow && args.flag('json')) {
      printJson(io, { events: first.records, more: first.more });
      return 0;
    }
    if (first.more && since !== undefined) io.stderr.write(`note: these are the last ${most} of them\n`);
    const print = args.flag('json') ? jsonLines(io) : eventPrinter(io);
    print(first.records);
    follower.shown(first.records);
    if (follow) return await lookAgain(every, async () => print(await follower.next(io.now())), io);
    if (first.records.length === 0) io.stdout.write(`nothing is recorded in ${opened.shown} that fits\n`);
    return 0;
  } finally {
    opened.close();
  }
}

function wantedOf(args: Args): Wanted {
  const kinds = args.list('kind');
  for (const kind of kinds)
    if (!auditKinds.includes(kind as AuditKind))
      throw new UserError(`there is no kind "${kind}"${amongKnown(kind, auditKinds)}`, {
        code: 'usage',
        subject: kind,
      });
  const subjects = ['sync', 'image'].flatMap((name) => {
    const text = args.text(name);
    return text === undefined ? [] : [`${name}:${text}`];
  });
  return { ...(kinds.length > 0 && { kinds: kinds as AuditKind[] }), subjects };
}

/** Throws `UserError` for an image or sync that nobody knows. Who follows it may wait for the first of it, and is told. */
async function checkNames(args: Args, io: Io, records: RecordsReader): Promise<void> {
  for (const kind of ['sync', 'image'] as const) {
    const name = args.text(kind);
    if (name === undefined) continue;
    try {
      await checkRecorded(kind, name, records);
    } catch (error) {
      if (!(args.flag('follow') && error instanceof UserError)) throw error;
      io.stderr.write(`note: ${messageOf(error)}\n`);
    }
  }
}

function jsonLines(io: Io): (records: readonly AuditRecord[]) => void {
  return (records) => {
    for (const record of records) io.stdout.write(`${JSON.stringify(record)}\n`);
  };
}
