import { type Answer, audit as answer } from '../../audit/audit.ts';
import type { PageOfRecords, RecordsReader } from '../../audit/ports.ts';
import { inWords, type Question, readQuestion } from '../../audit/question.ts';
import { readTime } from '../../audit/times.ts';
import { UserError } from '../../model/errors.ts';
import { parseImageRef, shortImageRef } from '../../model/image-ref.ts';
import type { Args, Command, ExitCode, Io } from '../command.ts';
import { checkRecorded, unknownName } from '../known-names.ts';
import { printAnswer } from '../output/audit.ts';
import { printJson } from '../output/json.ts';
import { gitHistory } from '../wiring-history.ts';
import { openRecordsOf, recordsOptions, repoMeant } from '../wiring-records.ts';
import { type Count, countOf, limitOption } from './count.ts';
import { onlyTarget } from './repo-options.ts';

const limit: Count = { usual: 50, most: 1000, of: 'records' };

/** `windlass audit`: what happened, and who did it. */
export const audit: Command = {
  name: 'audit',
  summary: 'ask what happened: to an object, image, sync or commit, by whom, and when',
  positionals: '[QUESTION]',
  values: [
    ...['image/NAME', 'sync/NAME', 'object/', 'revision/', 'incident/', 'run/', 'event/'],
    ...['by/', 'digest/', 'ref/', 'at/'],
  ],
  details: `Without a question: everything that happened, the newest first. Questions:

  object/apps/Deployment/shop/web   what happened to an object
  image/NAME, sync/NAME             ... to an image policy, to a sync
  revision/SHA                      ... to a commit; a short id is looked up among the syncs and in Git
  incident/KEY, run/ID, event/ID    ... in an incident, by a pull or check, because of a push
  by/NAME                           what a person or a tool changed: by hand, by commands, and in Git
  digest/sha256:..., ref/REPO:TAG   where an image runs now and since when, and what happened to it; REPO may lack its host
  at/TIME                           what every sync was running at a time: the last pull before it

A person is found by name, mail address, ARN or what is behind its last slash; a tool by its field manager, as kubectl-edit; the case of letters
does not matter. by/windlass is what Windlass did by itself, by/"windlass pull" what one part of it did: what a page of everything has of that, so
that a page may be short. A time is 2h, 3d (ago), 2026-11-22, 2026-11-22T12:00 (UTC unless it says otherwise) or now; of a date alone --since means
its beginning, --until its end.

Reads the records of a running "windlass local", or those of a stack in AWS with this machine's credentials, which need dynamodb:Query on both
tables. Each page is a query. Git is read for by/ and short ids alone; where it cannot be, that is said and the records answer.

JSON: { question, records: [{ id, at, kind, actor, subjects, revision, result, summary, details }], next, running: { syncs: [{ sync, cluster,
environment, ref, since, by, left }], untold }, syncs: [{ sync, cluster, environment, pull, applied: { at, revision, images } }], commits: { commits,
more }, revision }, each where the question is about it; next is for --before.

Exit code: 0, also when nothing happened; 2 for wrong input, a name that nobody knows, or a stack that is not there; 3 for a failure.`,
  options: {
    since: { type: 'string', value: 'TIME', help: 'nothing from before' },
    until: { type: 'string', value: 'TIME', help: 'nothing from then on' },
    limit: limitOption(limit),
    before: { type: 'string', value: 'CURSOR', help: 'the next page, as the end of the one before says' },
    ...recordsOptions,
    repo: { type: 'string', value: 'REPO', help: 'the config repo to read (default: the one of the records)' },
    branch: { type: 'string', value: 'B', help: 'its branch (default: the one of the records)' },
    wide: { type: 'boolean', help: 'do not cut lines to the width of the terminal' },
    json: { type: 'boolean', help: 'print JSON' },
  },
  examples: [
    'windlass audit --since 2h',
    'windlass audit object/apps/Deployment/shop/web',
    'windlass audit by/kubectl-edit --since 2026-11-01 --until 2026-11-22',
    'windlass audit digest/sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 --stack Windlass',
    'windlass audit at/2026-11-22T12:00 --json',
  ],
  run,
};

async function run(args: Args, io: Io): Promise<ExitCode> {
  const asked = readQuestion(onlyTarget('audit', args), io.now());
  const page = pageOf(args, asked, io.now());
  const opened = await openRecordsOf(args, io);
  try {
    const deps = {
      records: opened.records,
      history: () => gitHistory(io, repoMeant(args, opened.source)),
      warn: (message: string) => io.stderr.write(`note: ${message}\n`),
    };
    const first = await answer(asked, page, deps);
    const whole = await wholeOf(asked, first, opened.records);
    const question = whole ?? asked;
    const found = whole === undefined ? first : await answer(whole, page, deps);
    await checkKnown(question, found, page, opened.records);
    if (args.flag('json')) printJson(io, { question: inWords(question), ...found });
    else printAnswer(io, found, { question, shown: opened.shown, page, wide: args.flag('wide') });
    return 0;
  } finally {
    opened.close();
  }
}

/** Which records are meant. Throws `UserError` for times and numbers that are none. */
function pageOf(args: Args, { ask }: Question, now: Date): PageOfRecords {
  const [since, until, before] = ['since', 'until', 'before'].map((name) => args.text(name));
  if (ask === 'at' && [since, until, before].some((one) => one !== undefined))
    throw new UserError('at/TIME has its time: it takes no --since, --until or --before', { code: 'usage' });
  const from = since === undefined ? undefined : readTime(since, now, '--since');
  const to = until === undefined ? undefined : readTime(until, now, '--until', 'end');
  if (from !== undefined && to !== undefined && from >= to)
    throw new UserError(`--since ${from} is not before --until ${to}`, { code: 'usage' });
  if (before !== undefined && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#\w+$/.test(before))
    throw new UserError(`--before "${before}" is no cursor: take it from the end of the page before`, {
      code: 'usage',
    });
  const [end] = [to, before].filter((one) => one !== undefined).sort();
  return { limit: countOf(args, 'limit', limit), ...(from && { since: from }), ...(end && { before: end }) };
}

/** Throws `UserError` where nothing is found because nobody knows the image, sync or reference, with the one that may be meant. */
async function checkKnown(
  question: Question,
  { records = [] }: Answer,
  { before, since }: PageOfRecords,
  reader: RecordsReader,
): Promise<void> {
  if (records.length > 0) return;
  if (before !== undefined || since !== undefined || question.ask !== 'subject') return;
  const { kind, name } = question;
  if (kind === 'sync' || kind === 'image') await checkRecorded(kind, name, reader);
}

/**
 * People see references without the host of the registry, and ask for what they see: the whole one, where there is one alone. Throws `UserError` where there
 * are several.
 */
async function wholeOf(
  question: Question,
  { records = [], running }: Answer,
  reader: RecordsReader,
): Promise<Question | undefined> {
  if (question.ask !== 'running' || !('ref' in question.image) || records.length > 0) return undefined;
  if (running !== undefined && running.syncs.length > 0) return undefined;
  const { ref } = question.image;
  const { repository, tag } = parseImageRef(ref) ?? {};
  const known = [...new Set((await reader.images()).map((image) => image.repository))];
  const meant = known.filter((one) => shortImageRef(one) === repository);
  if (meant.length === 0 || meant.includes(repository!)) return undefined;
  const whole = meant.map((one) => `${one}:${tag}`);
  if (whole.length > 1) throw unknownName('ref', ref, `, did you mean ${whole.join(' or ')}?`);
  return { ask: 'running', image: { ref: whole[0]! } };
}
