import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isScalar, parseAllDocuments, visit } from 'yaml';
import { benchmark, type Context } from './parts/benchmark.ts';
import { type MarkedText, makeFiles } from './parts/marked-files.ts';
import { median } from './parts/numbers.ts';
import { measure } from './parts/processes.ts';
import { memory, type Result, ratio, time } from './parts/result.ts';
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
  const results: Result[] = [];
  for (const files of [...smaller.filter((size) => size < knob.files), knob.files]) {
    say(`${files} files`);
    results.push(await runOf(files, Math.round((files * knob.marked) / knob.files), context));
  }
  const largest = results.at(-1)!;
  const tables = results.flatMap((result) => result.tables);
  return {
    tables,
    notes: largest.notes,
    raw: Object.fromEntries(results.map(({ tables: [table], raw }) => [table!.title, raw])),
  };
}

async function runOf(count: number, marked: number, { knob, dir, signal, say }: Context<Knobs>): Promise<Result> {
  const files = makeFiles(count, marked);
  const folder = join(dir, String(count));
  const original = join(folder, 'original');
  for (const { path, before } of files) await write(join(original, path), before);
  await writeFile(join(folder, 'latest.json'), JSON.stringify({ web: 'registry.example.com/shop/web:1.5.0' }));
  const ours: { time: number; peak: number; exact: number }[] = [];
  const peers: { time: number; exact: number }[] = [];
  const searches: number[] = [];
  for (let turn = 0; turn < knob.runs; turn++) {
    const copy = join(folder, `copy-${turn}`);
    await cp(original, copy, { recursive: true });
    searches.push(await search(original, marked));
    const args = [windlassProgram, 'bump', '--dir', copy, '--latest', join(folder, 'latest.json'), '--write', '--json'];
    const done = expectCode('windlass bump', await measure(process.execPath, args, { cwd: folder, signal }), 0);
    ours.push({ time: done.time, peak: done.peak, exact: await exactOf(files, (path) => readFile(join(copy, path))) });
    const peer = roundTrip(files);
    peers.push({ time: peer.time, exact: await exactOf(peer.files, (path) => peer.after.get(path)!) });
    say(`run ${turn + 1}: ${time(done.time)}, ${ours.at(-1)!.exact} of ${files.length} files are as they should be`);
  }
  return resultOf(files, ours, peers, searches);
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
}

/** How many of the files are, byte for byte, as they should be. */
async function exactOf(
  files: readonly MarkedText[],
  read: (path: string) => Promise<Buffer> | Buffer,
): Promise<number> {
  let exact = 0;
  for (const { path, after } of files) if ((await read(path)).equals(Buffer.from(after))) exact += 1;
  return exact;
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

function resultOf(
  files: readonly MarkedText[],
  ours: readonly { time: number; peak: number; exact: number }[],
  peers: readonly { time: number; exact: number }[],
  searches: readonly number[],
): Result {
  const marked = files.filter(({ before, after }) => before !== after).length;
  const size = files.reduce((sum, { before }) => sum + Buffer.byteLength(before), 0);
  const middle = (taken: readonly { time: number }[]) => median(taken.map((one) => one.time));
  const own = middle(ours);
  const exact = (taken: readonly { exact: number }[], of: number) => {
    const least = Math.min(...taken.map((one) => one.exact));
    return `${least} of ${of} (${((100 * least) / of).toFixed(1)} %)`;
  };
  const columns = ['what', 'time', 'Windlass is quicker by', 'files byte for byte as they should be', 'peak memory'];
  return {
    tables: [
      {
        title: `${files.length} files (${(size / 1024 ** 2).toFixed(1)} MB), ${marked} of them with a marker`,
        columns,
        rows: [
          [
            '`windlass bump --write`',
            time(own),
            '',
            exact(ours, files.length),
            memory(Math.max(...ours.map((one) => one.peak))),
          ],
          ['`grep -rlF` for the marker, no edit', time(median(searches)), ratio(median(searches), own), '', ''],
          [
            `parse, set, print (package yaml), only the ${marked} files, without reading or writing them`,
            time(middle(peers)),
            ratio(middle(peers), own),
            exact(peers, marked),
            '',
          ],
        ],
      },
    ],
    notes: [
      `The median of ${ours.length} runs, files in the page cache. Windlass is a whole process: start-up, the walk, the edit, the read-back of each edit, the writes.`,
      'The files have Windows and Unix line ends, quotes of both kinds, flow style, several documents, comments and odd indents, as people write them; some are Lists, patches, blocks of text and Helm templates.',
    ],
    raw: { windlass: ours, grep: searches, roundTrip: peers },
  };
}
