import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RetryableError } from '../../lib/model/errors.ts';
import type { SyncReported } from '../../lib/model/messages.ts';
import type { CommitStatuses, ToldEnvironment, ToldStore, ToldSync } from '../../lib/report/ports.ts';
import { hostTeller } from '../../lib/report/tell-host.ts';
import { pull } from './reports.ts';

const syncs = ['infra', 'shop', 'web'];
const written = [{ object: 'ConfigMap/shop/a', action: 'created' as const }];

/** `after`: the host does it, and its answer gets lost. */
type Fault = 'before' | 'after' | 'none';
const outOfReach = () => new RetryableError('out of reach', { code: 'github-unreachable' });

/** What the host shows, and a store that compares and swaps; both answer in an order that `later` decides, and the host fails at will. */
function world(later: <T>(value: T) => Promise<T>, fails: () => Fault | undefined) {
  const commits = new Map<string, string>();
  const deployments: { revision: string; states: string[] }[] = [];
  const told = new Map<string, ToldSync>();
  let environment: { told: ToldEnvironment; version: number } | undefined;
  const ask = async <T>(work: () => T): Promise<T> => {
    await later('asked');
    const fault = fails();
    if (fault === 'before') throw outOfReach();
    const answer = await later(work());
    if (fault === 'after') throw outOfReach();
    return answer;
  };
  const statuses: CommitStatuses = {
    setStatus: (revision, context, { state }) =>
      ask(() => {
        commits.set(`${revision} ${context}`, state);
        return true;
      }),
    // As the adapter does it: a look, then a request to make it.
    openDeployment: async ({ revision }) => {
      const found = await ask(() => deployments.findIndex((one) => one.revision === revision));
      return found < 0 ? ask(() => deployments.push({ revision, states: [] }) - 1) : found;
    },
    setDeploymentStatus: (id, { state }) => ask(() => void deployments[id]!.states.push(state)),
  };
  const store: ToldStore = {
    sync: (sync) => later(told.get(sync)),
    saveSync: async (one) => {
      told.set(one.sync, one);
      await later('saved');
    },
    environment: () => later(environment && structuredClone(environment)),
    saveEnvironment: async (next, version) => {
      await later('saving');
      const isLast = (environment?.version ?? 0) === version;
      if (isLast) environment = { told: structuredClone(next), version: version + 1 };
      return later(isLast);
    },
  };
  return { commits, deployments, statuses, store };
}

type Result = SyncReported['result'];
const shown = { synced: 'success', unhealthy: 'failure', failed: 'error', progressing: 'pending' } as const;
const worst = (results: Result[]) =>
  (['failed', 'unhealthy', 'synced'] as const).find((result) => results.includes(result))!;
const anyOf = (...results: Result[]) => fc.tuple(...syncs.map(() => fc.constantFrom(...results)));

it.each([
  ['at once', 0],
  ['with later reports, where the host was out of reach', 12],
])(
  'what the host shows of an environment is true in the end, in whatever order its syncs are worked in (%s)',
  async (_, mostFaults) => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom<Fault>('before', 'after', 'none'), { maxLength: mostFaults }),
        fc.array(anyOf('synced', 'unhealthy', 'failed', 'progressing'), { minLength: 1, maxLength: 3 }),
        anyOf('synced', 'unhealthy', 'failed'),
        async (scheduler, faults, rounds, last) => {
          const left = [...faults];
          const later = <T>(value: T) => scheduler.schedule(Promise.resolve(value));
          const { commits, deployments, statuses, store } = world(later, () => left.pop());
          const again = mostFaults === 0 ? [] : Array<Result[]>(16).fill(last);
          for (const [round, results] of [...rounds, last, ...again].entries()) {
            const all = syncs.map((sync, index) => {
              const seconds = round * 60;
              const tell = hostTeller({ statuses, store, now: () => new Date(seconds * 1000), warn: () => {} });
              const more = { result: results[index]!, changes: round === 0 ? written : [] };
              return tell(pull(seconds, seconds + 1, [], { environment: 'prod', revision: 'a', sync, ...more }));
            });
            await scheduler.waitFor(Promise.all(all));
          }
          expect(deployments).toHaveLength(1);
          expect(deployments[0]!.states.at(-1)).toBe(shown[worst(last)]);
          const states = syncs.map((sync) => commits.get(`a windlass/${sync}`));
          expect(states).toEqual(last.map((result) => shown[result]));
        },
      ),
      { numRuns: 300 },
    );
  },
);
