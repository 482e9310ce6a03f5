import { type Aim, atMost } from './aims.ts';
import { type BumpCase, type BumpSamples, bumpCases, withoutCommit } from './bump-cases.ts';
import type { BumpSample } from './bump-lane.ts';
import type { HostKind } from './bump-servers.ts';
import { median, percentile } from './numbers.ts';
import { bytes, memory, type Table, time } from './result.ts';

/** All samples of one config repo on one host. */
export interface BumpMeasured {
  files: number;
  kind: HostKind;
  samples: BumpSamples;
}

const hostNames: Record<HostKind, string> = {
  github: 'A stand-in of GitHub, by HTTP',
  git: "Git's own server (git http-backend), by HTTPS",
};

/** One table a host. */
export function bumpTable(kind: HostKind, measured: readonly BumpMeasured[]): Table {
  return {
    title: `From an event to its commit: ${hostNames[kind]}`,
    columns: [
      'files',
      'event',
      'p50',
      'p95',
      'beside the network: p50',
      'p95',
      'processor time',
      'peak memory',
      `requests to ${kind === 'github' ? 'GitHub' : 'Git'}`,
      'to the table',
      'bytes up',
      'bytes down',
    ],
    rows: measured
      .filter((one) => one.kind === kind)
      .flatMap(({ files, samples }) => bumpCases.map((name) => [String(files), name, ...cellsOf(name, samples[name])])),
  };
}

function cellsOf(name: BumpCase, samples: readonly BumpSample[]): string[] {
  const of = (value: (sample: BumpSample) => number) => samples.map(value);
  const own = of(besideNetwork);
  return [
    time(median(of(({ took }) => took))),
    time(
      percentile(
        of(({ took }) => took),
        0.95,
      ),
    ),
    // A first sight reads the archive while it comes: what is the network's time and what is not cannot be told apart.
    ...(name === 'first' ? ['', ''] : [time(median(own)), time(percentile(own, 0.95))]),
    time(median(of(({ processor }) => processor))),
    memory(Math.max(...of(({ peak }) => peak))),
    String(Math.max(...of(({ host }) => host.requests))),
    String(Math.max(...of(({ table }) => table.requests))),
    bytes(median(of(({ host }) => host.up))),
    bytes(median(of(({ host }) => host.down))),
  ];
}

/** Milliseconds of the handler in which no server was busy with an answer: what is left of sending and receiving counts as its own. */
function besideNetwork({ took, busy }: BumpSample): number {
  return took - busy;
}

/** The aims of bump, as far as they can be told of what was measured. */
export function bumpAims(measured: readonly BumpMeasured[]): Aim[] {
  const onGitHub = measured.filter(({ kind }) => kind === 'github');
  const requests = (wanted: (name: BumpCase) => boolean) =>
    Math.max(
      ...onGitHub.flatMap(({ samples }) =>
        bumpCases.filter(wanted).flatMap((name) => samples[name].map(({ host }) => host.requests)),
      ),
    );
  const ending = (name: BumpCase) => withoutCommit.includes(name);
  const [commit, nothing] = [requests((name) => !ending(name)), requests(ending)];
  return [
    ...measured.filter(({ files }) => files === 10_000).flatMap(timeAims),
    { what: 'requests to GitHub of an event that leads to a commit', ...atMost(commit, 7, String) },
    { what: 'requests to GitHub of an event that leads to nothing', ...atMost(nothing, 2, String) },
  ];
}

function timeAims({ kind, samples }: BumpMeasured): Aim[] {
  const name = kind === 'github' ? 'GitHub' : 'Git';
  return (['cold', 'warm'] as const).map((which) => ({
    what: `${name}: an event on 10,000 known files, ${which}, beside the network, p95`,
    ...atMost(percentile(samples[which].map(besideNetwork), 0.95), 300, time),
  }));
}
