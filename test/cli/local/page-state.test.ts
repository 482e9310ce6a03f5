import { describe, expect, it } from 'vitest';
import { type PageSources, readPageState, rememberedMetrics } from '../../../lib/cli/local/page-state.ts';
import type { Config } from '../../../lib/config/config.ts';
import type { AuditRecord } from '../../../lib/model/audit-record.ts';
import type { Metrics } from '../../../lib/model/delivery-figures.ts';
import type { Incident } from '../../../lib/model/incident.ts';
import { healthy, noDelivery } from '../../dashboard/states.ts';

const now = new Date('2026-01-01T12:00:00.000Z');
const shop = healthy(now);

const incident = (key: string, resolvedAt?: string): Incident => ({
  key,
  kind: 'unhealthy',
  title: key,
  openedAt: shop.at,
  changedAt: shop.at,
  contentHash: key,
  ...(resolvedAt !== undefined && { resolvedAt }),
});

const span = { from: 'a', to: 'b' };
const noDrift = { ...span, overall: { incidents: 0, open: 0, notTimed: 0 }, syncs: {}, classes: {} };
const figures: Metrics = { ...span, delivery: noDelivery, drift: noDrift };

/** A config with these syncs and image policies; the page looks at nothing else of it. */
const configOf = (syncs: { name: string; cluster: string; environment?: string }[], images: string[]) =>
  ({ syncs, images: Object.fromEntries(images.map((name) => [name, {}])) }) as unknown as Config;

function read(overrides: Omit<Partial<PageSources>, 'records'> & { records?: Partial<PageSources['records']> } = {}) {
  const { records, ...rest } = overrides;
  return readPageState({
    records: {
      images: async () => shop.images,
      syncs: async () => shop.syncs,
      openIncidents: async () => [],
      recentIncidents: async () => [],
      timeline: async ({ limit }) => shop.timeline.slice(0, limit),
      ...records,
    },
    commits: async (limit) => shop.commits.slice(0, limit),
    config: () => undefined,
    problems: () => [],
    repo: { url: '/repo.git', branch: 'main' },
    cluster: { kubeconfig: '/kubeconfig', server: 'https://127.0.0.1:6443' },
    metrics: async () => figures,
    now: () => now,
    ...rest,
  });
}

describe('the state of the page', () => {
  it('has everything that the records and Git tell, and the head', async () => {
    expect(await read()).toEqual({
      at: '2026-01-01T12:00:00.000Z',
      repo: { url: '/repo.git', branch: 'main', head: shop.commits[0]!.revision },
      cluster: { kubeconfig: '/kubeconfig', server: 'https://127.0.0.1:6443' },
      images: shop.images,
      commits: shop.commits,
      syncs: shop.syncs,
      incidents: [],
      timeline: shop.timeline,
      metrics: figures,
    });
  });

  it('has the syncs in the order of windlass.yaml, with those that never reported and without those that left it', async () => {
    const config = configOf(
      [
        { name: 'shop-prod', cluster: 'main', environment: 'prod' },
        { name: 'new', cluster: 'other', environment: 'staging' },
        { name: 'infra', cluster: 'main' },
      ],
      [],
    );
    const { syncs } = await read({ config: () => config });
    expect(syncs.map(({ sync, result }) => [sync, result])).toEqual([
      ['shop-prod', 'synced'],
      ['new', undefined],
      ['infra', 'synced'],
    ]);
    expect(syncs[1]).toEqual({
      sync: 'new',
      cluster: 'other',
      environment: 'staging',
      health: [],
      errors: [],
      drifted: 0,
      unknown: [],
    });
  });

  it('leaves out image policies that left windlass.yaml', async () => {
    const { images } = await read({ config: () => configOf([], ['web']) });
    expect(images.map(({ policy }) => policy)).toEqual(['web']);
  });

  it('has open incidents first, the newest of them first, and then the resolved ones', async () => {
    const resolved = [incident('c', shop.at), incident('a', shop.at)];
    const { incidents } = await read({
      records: {
        openIncidents: async () => [incident('b'), incident('d')],
        recentIncidents: async () => [incident('d'), resolved[0]!, incident('b'), resolved[1]!],
      },
    });
    expect(incidents.map(({ key }) => key)).toEqual(['d', 'b', 'c', 'a']);
  });

  it('says why the file at the head is not in use, with its place', async () => {
    const problem = { code: 'unknown-key', message: 'unknown key "sinks"', file: 'windlass.yaml', line: 42, column: 1 };
    const { repo } = await read({ problems: () => [problem] });
    expect(repo.problem).toContain('windlass.yaml at the head is broken');
    expect(repo.problem).toContain('windlass.yaml:42:1: unknown key "sinks"');
  });

  it('says that the repository cannot be read, and shows the rest', async () => {
    const commits = async () => {
      throw new Error('not a git repository');
    };
    const state = await read({ commits });
    expect(state.repo.problem).toBe('the repository cannot be read: not a git repository');
    expect(state.repo.head).toBeUndefined();
    expect(state.commits).toEqual([]);
    expect(state.syncs).toEqual(shop.syncs);
  });

  it('is no state at all when the records cannot be read: a page without them would look healthy', async () => {
    const syncs = async () => {
      throw new Error('the table is not there');
    };
    await expect(read({ records: { syncs } })).rejects.toThrow('the table is not there');
  });
});

describe('the figures of the page', () => {
  it('are measured again when an incident opened, changed or ended, when a pull did something, each hour, and after a failure', async () => {
    let times = 0;
    let at = now;
    let fails = false;
    const measured = rememberedMetrics(
      async () => {
        times++;
        if (fails) throw new Error('no answer');
        return figures;
      },
      () => at,
    );
    let timeline: AuditRecord[] = [];
    const measures = async (...incidents: Incident[]) => {
      await measured(incidents, timeline).catch(() => {});
      return times;
    };
    expect(await measures()).toBe(1);
    expect(await measures()).toBe(1);
    expect(await measures(incident('a'))).toBe(2);
    expect(await measures(incident('a'))).toBe(2);
    expect(await measures(incident('a', shop.at))).toBe(3);
    const pulled = shop.timeline.find(({ kind }) => kind === 'synced')!;
    timeline = [{ ...pulled, id: 'x', kind: 'object-applied' }, pulled];
    expect(await measures(incident('a', shop.at))).toBe(4);
    timeline = [{ ...pulled, id: 'y', kind: 'object-applied' }, ...timeline];
    expect(await measures(incident('a', shop.at))).toBe(4);
    at = new Date(now.getTime() + 3_600_000);
    fails = true;
    expect(await measures(incident('a', shop.at))).toBe(5);
    expect(await measures(incident('a', shop.at))).toBe(6);
  });
});
