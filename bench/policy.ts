import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { choose } from '../lib/policy/choose.ts';
import { compilePolicy } from '../lib/policy/policy.ts';
import type { PolicySpec } from '../lib/policy/spec.ts';
import type { TagFacts } from '../lib/policy/tag-facts.ts';
import { type Aim, atMost, tableOfAims } from './parts/aims.ts';
import { benchmark, type Context } from './parts/benchmark.ts';
import { median, percentile, seeded } from './parts/numbers.ts';
import { measure } from './parts/processes.ts';
import { memory, type Result, ratio, time } from './parts/result.ts';
import { expectCode, windlassProgram } from './parts/test-bed.ts';

type Knobs = 'tags' | 'runs';

/** A policy, and the shortest JavaScript that chooses the same tag: no reasons, no holds, a backtracking RegExp. */
interface Case {
  name: string;
  spec: PolicySpec;
  bare(tags: readonly TagFacts[]): string | undefined;
}

const buildTag = /^main-[a-f0-9]+-(?<ts>[0-9]+)$/;
const releaseTag = /^v(?<version>1\.[0-9]+\.[0-9]+)$/;

const cases: Case[] = [
  {
    name: 'filter with extract, numerical',
    spec: {
      image: 'registry.example.com/shop/worker',
      filter: { include: '^main-[a-f0-9]+-(?P<ts>[0-9]+)$', extract: '$ts' },
      numerical: 'asc',
    },
    bare: (tags) =>
      newest(
        tags,
        ({ tag }) => buildTag.exec(tag)?.groups?.['ts'],
        (a, b) => Number(a) - Number(b),
      ),
  },
  {
    name: 'filter with extract, semver',
    spec: {
      image: 'registry.example.com/shop/web',
      filter: { include: '^v(?P<version>1\\.[0-9]+\\.[0-9]+)$', extract: '$version' },
      semver: '>=1.2.0 <2.0.0',
    },
    bare: (tags) =>
      newest(
        tags,
        ({ tag }) => releaseTag.exec(tag)?.groups?.['version'],
        (a, b) => {
          const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
          return left[1]! - right[1]! || left[2]! - right[2]!;
        },
      ),
  },
  {
    name: 'filter, newest pushed',
    spec: { image: 'registry.example.com/shop/api', filter: '^main-[a-f0-9]+-', newest: true },
    bare: (tags) =>
      newest(
        tags,
        ({ tag, pushedAt }) => (tag.startsWith('main-') ? pushedAt : undefined),
        (a, b) => Date.parse(a) - Date.parse(b),
      ),
  },
];

await benchmark<Knobs>(import.meta, {
  name: 'policy',
  about: 'choosing one of many tags by a policy with a filter.',
  knobs: {
    tags: { usual: 5000, quick: 500, help: 'number of tags' },
    runs: { usual: 50, quick: 5, help: 'runs of each' },
  },
  limit: 10,
  run,
});

async function run({ knob, dir, signal, say }: Context<Knobs>): Promise<Result> {
  const tags = generateTags(knob.tags);
  const rows: string[][] = [];
  const aims: Aim[] = [];
  const raw: Record<string, unknown> = {};
  for (const { name, spec, bare } of cases) {
    const expected = bare(tags);
    const ours = timed(
      knob.runs,
      () => choose({ policy: compilePolicy(spec), tags, now: new Date(0) }).chosen,
      expected,
    );
    const theirs = timed(knob.runs, () => bare(tags), expected);
    const command = await viaCommand(spec, tags, expected, { dir, signal, runs: Math.ceil(knob.runs / 10) });
    rows.push([
      name,
      time(median(ours)),
      time(percentile(ours, 0.95)),
      ratio(median(ours), median(theirs)),
      time(command.time),
      memory(command.peak),
    ]);
    if (knob.tags === 5000) aims.push({ what: `${name}, p95`, ...atMost(percentile(ours, 0.95), 60, time) });
    raw[name] = { choose: ours, bare: theirs, command };
    say(`${name}: chose ${expected}`);
  }
  const columns = [
    'policy',
    'choose p50',
    'choose p95',
    'times bare JavaScript',
    '`windlass policy test`',
    'its peak memory',
  ];
  return {
    tables: [{ title: `${knob.tags} tags`, columns, rows }, ...(aims.length === 0 ? [] : [tableOfAims(aims)])],
    notes: [
      `${knob.runs} runs in one process, compiling the policy included. Bare JavaScript is a backtracking RegExp and a sort that choose the same tag without a reason for each other one: what the linear-time patterns (RE2) and the reasons cost.`,
      'The command is a whole process with start-up, reading both files.',
    ],
    raw,
  };
}

/** Builds of main, releases, pull requests and words, well mixed; each pushed at a time of its own, in no order. */
function generateTags(count: number): TagFacts[] {
  const random = seeded(11);
  const hex = () =>
    Math.floor(random() * 0xfffffff)
      .toString(16)
      .padStart(7, '0');
  const number = (below: number) => Math.floor(random() * below);
  const makers = [
    () => `main-${hex()}-${1_700_000_000 + number(90_000_000)}`,
    () => `main-${hex()}-${1_700_000_000 + number(90_000_000)}`,
    () => `v1.${number(60)}.${number(40)}`,
    () => `pr-${number(9000)}-${hex()}`,
    () => `${hex()}-latest`,
  ];
  return Array.from({ length: count }, (_, index) => ({
    tag: makers[index % makers.length]!(),
    digest: `sha256:${index.toString(16).padStart(64, '0')}`,
    pushedAt: new Date(Date.UTC(2026, 0, 1) + ((index * 7919) % count) * 60_000).toISOString(),
  }));
}

function newest(
  tags: readonly TagFacts[],
  rank: (tag: TagFacts) => string | undefined,
  compare: (a: string, b: string) => number,
): string | undefined {
  let best: { tag: string; rank: string } | undefined;
  for (const one of tags) {
    const found = rank(one);
    if (found === undefined || (best !== undefined && compare(found, best.rank) <= 0)) continue;
    best = { tag: one.tag, rank: found };
  }
  return best?.tag;
}

/** Milliseconds of each run. Throws when another tag is chosen than the expected one. */
function timed(runs: number, work: () => string | undefined, expected: string | undefined): number[] {
  for (let warm = 0; warm < 3; warm++) work();
  return Array.from({ length: runs }, () => {
    const begin = performance.now();
    const chosen = work();
    const took = performance.now() - begin;
    if (chosen === undefined || chosen !== expected) throw new Error(`${chosen} was chosen, not ${expected}`);
    return took;
  });
}

async function viaCommand(
  spec: PolicySpec,
  tags: readonly TagFacts[],
  expected: string | undefined,
  { dir, signal, runs }: { dir: string; signal: AbortSignal; runs: number },
): Promise<{ time: number; peak: number }> {
  const [policyFile, tagsFile] = [join(dir, 'policy.json'), join(dir, 'tags.json')];
  await writeFile(policyFile, JSON.stringify(spec));
  await writeFile(tagsFile, JSON.stringify(tags));
  const args = [windlassProgram, 'policy', 'test', '--policy', policyFile, '--tags', tagsFile, '--json'];
  const taken: { time: number; peak: number }[] = [];
  for (let turn = 0; turn < runs; turn++) {
    const done = expectCode('windlass policy test', await measure(process.execPath, args, { cwd: dir, signal }), 0);
    const { chosen } = JSON.parse(done.stdout) as { chosen: string };
    if (chosen !== expected) throw new Error(`the command chose ${chosen}, not ${expected}`);
    taken.push({ time: done.time, peak: done.peak });
  }
  return { time: median(taken.map((one) => one.time)), peak: Math.max(...taken.map((one) => one.peak)) };
}
