import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isScalar, parseAllDocuments, visit } from 'yaml';
import { type Aim, all, atMost, tableOfAims } from './parts/aims.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { type MarkedText, makeFiles } from './parts/marked-files.ts';
import { median } from './parts/numbers.ts';
import { measure } from './parts/processes.ts';
import { memory, type Result, ratio, type Table, time } from './parts/result.ts';
import { expectCode, windlassProgram } from './parts/test-bed.ts';

type Knobs = 'files' | 'marked' | 'runs';

/** Smaller repos are measured beside the one asked for, with the same share of marked files. */
const smaller = [200, 2000];

await benchmark<Knobs>(import.meta, {
  name: 'edit',
  about: '`windlass bump --write` on a large directory, a few of whose files have markers.',
  knobs: {
    files: { usual: 10_000, quick: 1000, help: 'number of files' },
    marked: { usual: 931, quick: 93, help: 'how many of them have a marker' },
    runs: { usual: 5, quick: 1, help: 'runs' },
  },
  limit: 20,
  run,
});

async function run(context: Context<Knobs>): Promise<Result> {
  const { knob, say } = context;
  const results: Measured[] = [];
  for (const files of [...smaller.filter((size) => size < knob.files), knob.files]) {
    say(`${files} files`);
    results.push(await runOf(files, Math.round((files * knob.marked) / knob.files), context));
  }
  const aims = aimsOf(results.at(-1)!);
  return {
    tables: [...results.map(tableOf), ...(aims.length === 0 ? [] : [tableOfAims(aims)])],
    notes: notesOf(knob.runs),
    raw: Object.fromEntries(results.map(({ files, ...samples }) => [`${files.length} files`, samples])),
  };
}

/** One run of Windlass. */
interface Run {
  time: number;
  peak: number;
  /** Files that are byte for byte as they should be. */
  exact: number;
  /** Files with a marker that have the new value. */
  set: number;
}

/** All runs on so many files. */
interface Measured {
  files: MarkedText[];
  windlass: Run[];
  roundTrip: { time: number; exact: number }[];
  grep: number[];
}

async function runOf(count: number, marked: number, { knob, dir, signal, say }: Context<Knobs>): Promise<Measured> {
  const files = makeFiles(count, marked);
  const folder = join(dir, String(count));
  const original = join(folder, 'original');
  for (const { path, before } of files) await write(join(original, path), before);
  await writeFile(join(folder, 'latest.json'), JSON.stringify({ web: 'registry.example.com/shop/web:1.5.0' }));
  const measured: Measured = { files, windlass: [], roundTrip: [], grep: [] };
  for (let turn = 0; turn < knob.runs; turn++) {
    const copy = join(folder, `copy-${turn}`);
    await cp(original, copy, { recursive: true });
    measured.grep.push(await search(original, marked));
    const args = [windlassProgram, 'bump', '--dir', copy, '--latest', join(folder, 'latest.json'), '--write', '--json'];
    const done = expectCode('windlass bump', await measure(process.execPath, args, { cwd: folder, signal }), 0);
    const own = await checked(files, (path) => readFile(join(copy, path)));
    measured.windlass.push({ time: done.time, peak: done.peak, ...own });
    const peer = roundTrip(files);
    const { exact } = await checked(peer.files, (path) => peer.after.get(path)!);
    measured.roundTrip.push({ time: peer.time, exact });
    say(`run ${turn + 1}: ${time(done.time)}, ${own.exact} of ${files.length} files are as they should be`);
  }
  return measured;
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
}

/** What became of the files. */
async function checked(
  files: readonly MarkedText[],
  read: (path: string) => Promise<Buffer> | Buffer,
): Promise<Pick<Run, 'exact' | 'set'>> {
  const found = { exact: 0, set: 0 };
  for (const { path, before, after } of files) {
    const bytes = await read(path);
    if (bytes.equals(Buffer.from(after))) found.exact++;
    if (before !== after && bytes.includes('1.5.0')) found.set++;
  }
  return found;
}

/** The least that any tool has to do: read all the files for the marker's token. */
async function search(directory: string, expected: number): Promise<number> {
  const begin = performance.now();
  const { stdout } = await promisify(execFile)('grep', ['-rlF', '$imagepolicy', directory], { maxBuffer: 1 << 26 });
  const took = performance.now() - begin;
  const found = stdout.trim().split('\n').length;
  if (found !== expected) throw new Error(`grep found ${found} files, not ${expected}`);
  return took;
}

/** The usual way to edit YAML and keep comments: parse the marked files into documents, set the values, print. Files are in memory already. */
function roundTrip(files: readonly MarkedText[]): { time: number; files: MarkedText[]; after: Map<string, Buffer> } {
  const marked = files.filter(({ before, after }) => before !== after);
  const after = new Map<string, Buffer>();
  const begin = performance.now();
  for (const { path, before } of marked) {
    const documents = parseAllDocuments(before);
    const broken = documents.some(({ errors }) => errors.length > 0);
    for (const document of Array.isArray(documents) ? documents : []) {
      visit(document, {
        Scalar: (_, node) => {
          if (isScalar(node) && typeof node.value === 'string' && node.comment?.includes('$imagepolicy'))
            node.value = node.comment.includes(':tag"') ? '1.5.0' : 'registry.example.com/shop/web:1.5.0';
        },
      });
    }
    const printed = broken ? before : documents.map((document) => document.toString({ lineWidth: 0 })).join('');
    after.set(path, Buffer.from(printed));
  }
  return { time: performance.now() - begin, files: marked, after };
}

function tableOf({ files, windlass, roundTrip: peers, grep }: Measured): Table {
  const marked = markedIn(files);
  const size = files.reduce((sum, { before }) => sum + Buffer.byteLength(before), 0);
  const middle = (taken: readonly { time: number }[]) => median(taken.map((one) => one.time));
  const own = middle(windlass);
  const exact = (taken: readonly { exact: number }[], of: number) => {
    const least = leastOf(taken.map((one) => one.exact));
    return `${least} of ${of} (${((100 * least) / of).toFixed(1)} %)`;
  };
  const peak = memory(Math.max(...windlass.map((one) => one.peak)));
  const peer = `parse, set, print (package yaml), only the ${marked} files, without reading or writing them`;
  return {
    title: `${files.length} files (${(size / 1024 ** 2).toFixed(1)} MB), ${marked} of them with a marker`,
    columns: ['what', 'time', 'Windlass is quicker by', 'files byte for byte as they should be', 'peak memory'],
    rows: [
      ['`windlass bump --write`', time(own), '', exact(windlass, files.length), peak],
      ['`grep -rlF` for the marker, no edit', time(median(grep)), ratio(median(grep), own), '', ''],
      [peer, time(middle(peers)), ratio(middle(peers), own), exact(peers, marked), ''],
    ],
  };
}

/** The aims are for 10,000 files: there are none for another number. */
function aimsOf({ files, windlass }: Measured): Aim[] {
  if (files.length !== 10_000) return [];
  const peak = Math.max(...windlass.map((one) => one.peak));
  const taken = median(windlass.map((one) => one.time));
  return [
    { what: 'edit of 10,000 files', ...atMost(taken, 800, time) },
    { what: 'its peak memory', ...atMost(peak, 150 * 1024, memory) },
    {
      what: 'files byte for byte as they should be',
      ...all(leastOf(windlass.map(({ exact }) => exact)), files.length),
    },
    { what: 'values set', ...all(leastOf(windlass.map(({ set }) => set)), markedIn(files)) },
  ];
}

function notesOf(runs: number): string[] {
  return [
    `The median of ${runs} runs, files in the page cache. Windlass is a whole process: start-up, the walk, the edit, the read-back of each edit, the writes.`,
    'The files have Windows and Unix line ends, quotes of both kinds, flow style, several documents, comments and odd indents, as people write them; some are Lists, patches, blocks of text and Helm templates.',
    "Flux's own updater does not run here. Measured elsewhere before, on a machine like this: it took 1.6 s and 134 MiB for 10,000 files, 931 with markers, and 16 % of the files that it wrote were byte for byte as they had been but for the value.",
  ];
}

function markedIn(files: readonly MarkedText[]): number {
  return files.filter(({ before, after }) => before !== after).length;
}

function leastOf(numbers: readonly number[]): number {
  return Math.min(...numbers);
}
