import { join } from 'node:path';
import type { Answered, FunctionMethods, FunctionOptions, Pushed } from './bump-function.ts';
import type { Exchange, HostKind, Places, ServersMethods } from './bump-servers.ts';
import { type Program, startProgram } from './calls.ts';
import { type ConfigFiles, firstTag, type Service } from './config-repo.ts';
import { seeded } from './numbers.ts';
import { cpuOf } from './processes.ts';

/** What one event took. */
export interface BumpSample extends Answered, Exchange {
  /** Milliseconds from the start of the process until it could take an event; 0 where it was there already. */
  start: number;
  /** Processor milliseconds of the process and of the programs that it ran. */
  processor: number;
}

/** A branch of a config repo on a host. */
export interface LaneOptions {
  servers: Program<ServersMethods>;
  places: Places;
  kind: HostKind;
  repo: ConfigFiles;
  branch: string;
  /** Of the servers; the Git adapter keeps its copies in it, too. */
  directory: string;
  signal: AbortSignal;
}

/** A push of what the policy wants, or of what it does not. */
export type Wanted = 'commit' | 'nothing';

/** A branch, and the events that come for it. */
export interface Lane {
  /** Starts a process that takes events. */
  start(): Promise<Program<FunctionMethods>>;
  /** One event. Throws unless it changes exactly the files of its image to exactly what they should be. */
  event(program: Program<FunctionMethods>, wanted: Wanted): Promise<BumpSample>;
  /** One event in a process of its own. */
  cold(wanted: Wanted): Promise<BumpSample>;
  /** A person changes a file without a marker, and adds one. */
  changeByHand(): Promise<void>;
}

/** Makes a branch as the repo began, and answers what is to be done with it. */
export async function openLane(options: LaneOptions): Promise<Lane> {
  const { servers, kind, branch, places, directory, signal, repo } = options;
  await servers.call('branch', kind, branch);
  const pushes = pushesOf(repo);
  const byHand = changesByHand(repo);

  const start: Lane['start'] = () => {
    const own: FunctionOptions = { places, kind, branch, cacheDir: join(directory, 'copies') };
    const env = { GIT_SSL_CAINFO: join(directory, 'ca.pem') };
    return startProgram<FunctionMethods>(new URL('./bump-function.ts', import.meta.url), own, { signal, env });
  };

  const event: Lane['event'] = async (program, wanted) => {
    const { push, expected } = pushes.next(wanted);
    const before = await servers.call('head', kind, branch);
    const processor = processorOf(program);
    await servers.call('mark');
    const answered = await program.call('push', push).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${program.printed()}`);
    });
    const exchange = await servers.call('since', kind);
    const sample = { ...answered, ...exchange, processor: processorOf(program) - processor, start: 0 };
    const changes = await servers.call('changes', kind, before, await servers.call('head', kind, branch));
    checkChanges(`the push of ${push.repository}:${push.tag}`, changes, expected);
    return sample;
  };

  return {
    start,
    event,
    cold: async (wanted) => {
      const program = await start();
      const sample = await event(program, wanted);
      await program.end();
      return { ...sample, start: program.start };
    },
    changeByHand: () => servers.call('push', kind, branch, byHand()),
  };
}

/** Pushes of one image or another, with what they are to change in Git. */
function pushesOf({ services }: ConfigFiles) {
  const random = seeded(5);
  const releases = new Map<Service, string[]>();
  let count = 0;
  const next = (wanted: Wanted): { push: Pushed; expected: Record<string, string> } => {
    const service = services[Math.floor(random() * services.length)]!;
    const tag = wanted === 'commit' ? `1.5.${count++}` : `pr-${count++}`;
    const all = [...(releases.get(service) ?? []), tag];
    releases.set(service, all);
    const expected = wanted === 'commit' ? service.filesWith(tag) : {};
    return { push: { repository: service.image, tag, pushed: all }, expected };
  };
  return { next };
}

/** What a person commits, each time something else. */
function changesByHand({ files, services }: ConfigFiles): () => Record<string, string> {
  const marked = new Set(services.flatMap((service) => Object.keys(service.filesWith(firstTag))));
  const plain = Object.entries(files).filter(([path]) => path.startsWith('team-') && !marked.has(path));
  let times = 0;
  return () => {
    const [path, text] = plain[times % plain.length]!;
    times++;
    return { [path]: `${text}# change ${times} by hand\n`, [`notes/${times}.yaml`]: `note: ${times}\n` };
  };
}

function checkChanges(
  what: string,
  changes: readonly { path: string; text?: string }[],
  expected: Record<string, string>,
): void {
  const wrong = changes.filter(({ path, text }) => text === undefined || expected[path] !== text);
  const missing = Object.keys(expected).filter((path) => !changes.some((change) => change.path === path));
  if (wrong.length === 0 && missing.length === 0) return;
  const paths = [...wrong.map(({ path }) => path), ...missing];
  throw new Error(`${what} did not change Git as it should: ${paths.slice(0, 5).join(', ')}`);
}

function processorOf({ pid }: Program<FunctionMethods>): number {
  const { own, children } = cpuOf(pid);
  return 1000 * (own + children);
}
