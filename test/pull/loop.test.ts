import { describe, expect, it } from 'vitest';
import { sleep } from '../../lib/cli/local/sleep.ts';
import type { Config, SyncSpec } from '../../lib/config/config.ts';
import { type LoopPorts, oneRound, startLoop } from '../../lib/pull/loop.ts';

const times = { head: 2_000, pull: 30_000, retry: 30_000, drift: 15_000, rollout: 1_000 };

const sync = (name: string, dependsOn: string[] = []): SyncSpec => ({
  name,
  template: name,
  cluster: 'dev',
  path: name,
  dependsOn,
  waitSeconds: 300,
  prune: true,
  selfHeal: true,
});

const configOf = (...syncs: SyncSpec[]) => ({ syncs }) as Config;

/** Runs the loop on a clock that jumps from nap to nap, until `until` milliseconds have passed; gives what was done when. */
async function drive(overrides: Partial<LoopPorts>, until: number): Promise<string[]> {
  const done: string[] = [];
  const stop = new AbortController();
  let now = 0;
  const log = (what: string) => done.push(`${now}: ${what}`);
  const clock = {
    now: () => now,
    sleep: async (milliseconds: number) => {
      now += Math.max(1, milliseconds);
      if (now > until) stop.abort();
    },
  };
  const ports: LoopPorts = {
    head: async () => 'one',
    config: async () => configOf(sync('shop')),
    pull: async () => 'synced',
    drift: async () => void log('drift'),
    moved: async (revision) => void log(`moved to ${revision}`),
    failed: (what, error) => void log(`failed to ${what}: ${(error as Error).message}`),
    ...overrides,
  };
  const pull = ports.pull;
  ports.pull = async (spec, config, revision) => {
    log(`pull ${spec.name} at ${revision}`);
    return await pull(spec, config, revision);
  };
  await startLoop(ports, times, clock, stop.signal).ended;
  return done;
}

describe('the loop of rounds', () => {
  it('pulls at the start, then each 30 s, and checks for drift each 15 s', async () => {
    expect(await drive({}, 61_000)).toEqual([
      '0: moved to one',
      '0: pull shop at one',
      '15000: drift',
      '30000: pull shop at one',
      '30000: drift',
      '45000: drift',
      '60000: pull shop at one',
      '60000: drift',
    ]);
  });

  it('pulls all syncs when the head moves', async () => {
    let looks = 0;
    const done = await drive(
      { head: async () => (looks++ < 2 ? 'one' : 'two'), config: async () => configOf(sync('a'), sync('b')) },
      5_000,
    );
    expect(done).toContain('4000: pull a at two');
    expect(done).toContain('4000: pull b at two');
  });

  it('looks again each second while a roll-out goes on', async () => {
    let pulls = 0;
    const done = await drive({ pull: async () => (pulls++ < 2 ? 'progressing' : 'synced') }, 10_000);
    expect(done.filter((line) => line.includes('pull'))).toEqual([
      '0: pull shop at one',
      '1000: pull shop at one',
      '2000: pull shop at one',
    ]);
  });

  it('leaves a sync alone until what it depends on is synced', async () => {
    let infra = 0;
    const done = await drive(
      {
        config: async () => configOf(sync('infra'), sync('shop', ['infra'])),
        pull: async (spec) => (spec.name === 'infra' && infra++ < 3 ? 'progressing' : 'synced'),
      },
      10_000,
    );
    const first = done.findIndex((line) => line.includes('pull shop'));
    expect(done.slice(0, first).filter((line) => line.includes('pull infra'))).toHaveLength(4);
  });

  it('tells no failure of a look that was cut off because it is to end', async () => {
    const stop = new AbortController();
    const failed: string[] = [];
    const ports: LoopPorts = {
      head: async () => {
        stop.abort();
        throw new Error('git ls-remote was ended by SIGINT');
      },
      config: async () => configOf(sync('shop')),
      pull: async () => 'synced',
      moved: async () => undefined,
      failed: (what) => void failed.push(what),
    };
    await startLoop(ports, times, { now: () => 0, sleep: async () => undefined }, stop.signal).ended;
    expect(failed).toEqual([]);
  });

  it('tells once at each head which sync waits for what, again when that is another, and tries again where it could not', async () => {
    const told: string[] = [];
    let infra = 0;
    let failures = 1;
    await drive(
      {
        config: async () => configOf(sync('infra'), sync('shop', ['infra']), sync('web', ['shop'])),
        pull: async ({ name }) => (name !== 'infra' ? 'synced' : infra++ < 2 ? 'progressing' : 'failed'),
        waiting: async ({ name }, on) => {
          if (failures-- > 0) throw new Error('no server');
          told.push(`${name}: ${on.map((one) => `${one.sync} ${one.result}`).join(', ')}`);
        },
      },
      20_000,
    );
    const waits = ['web: shop undefined', 'shop: infra progressing', 'shop: infra failed'];
    expect(told).toEqual(waits);
  });

  it('pulls nothing on top of what was synced at an earlier head and waits now', async () => {
    let looks = 0;
    const done = await drive(
      {
        head: async () => (looks++ < 2 ? 'one' : 'two'),
        config: async () => configOf(sync('infra'), sync('shop', ['infra']), sync('web', ['shop'])),
        pull: async ({ name }, _, revision) => (name === 'infra' && revision === 'two' ? 'failed' : 'synced'),
      },
      20_000,
    );
    expect(done.filter((line) => line.includes('at two'))).toEqual(['4000: pull infra at two']);
  });

  it('goes on after every kind of failure, and asks for the head again', async () => {
    let looks = 0;
    const done = await drive(
      {
        head: async () => {
          if (looks++ === 0) throw new Error('gone');
          return 'one';
        },
        pull: async () => {
          throw new Error('no server');
        },
        drift: async () => {
          throw new Error('no server either');
        },
      },
      33_000,
    );
    expect(done).toEqual([
      '0: failed to look at the head: gone',
      '2000: moved to one',
      '2000: pull shop at one',
      '2000: failed to pull shop: no server',
      '15000: failed to check for drift: no server either',
      '30000: failed to check for drift: no server either',
      '32000: pull shop at one',
      '32000: failed to pull shop: no server',
    ]);
  });

  it('tries a head again whose file could not be read', async () => {
    let reads = 0;
    const done = await drive(
      {
        config: async () => {
          if (reads++ === 0) throw new Error('unreadable');
          return configOf(sync('shop'));
        },
      },
      3_000,
    );
    expect(done).toEqual(['0: failed to look at the head: unreadable', '2000: moved to one', '2000: pull shop at one']);
  });

  it('looks at the head at once when it is woken, and ends when it is told to', async () => {
    const stop = new AbortController();
    let head = 'one';
    const seen: string[] = [];
    const loop = startLoop(
      {
        head: async () => head,
        config: async () => configOf(sync('shop')),
        pull: async (_sync, _config, revision) => {
          seen.push(revision);
          return 'synced';
        },
        drift: async () => {},
        moved: async () => {},
        failed: (what, error) => {
          throw new Error(what, { cause: error });
        },
      },
      { head: 3_600_000, pull: 3_600_000, retry: 30_000, drift: 3_600_000, rollout: 3_600_000 },
      {
        now: () => performance.now(),
        sleep: (milliseconds, signal) =>
          new Promise((resolve) => {
            const timer = setTimeout(resolve, milliseconds);
            const end = () => {
              clearTimeout(timer);
              resolve();
            };
            if (signal.aborted) end();
            signal.addEventListener('abort', end);
          }),
      },
      stop.signal,
    );
    await expect.poll(() => seen).toEqual(['one']);
    head = 'two';
    loop.wake();
    await expect.poll(() => seen).toEqual(['one', 'two']);
    stop.abort();
    await loop.ended;
  });
});

describe('a loop that is told of changes', () => {
  it('pulls a sync again after what failed there had its pause, and what depends on it after it', async () => {
    let pulls = 0;
    const done = await drive(
      {
        config: async () => configOf(sync('infra'), sync('shop', ['infra'])),
        pull: async (spec) => (spec.name === 'infra' && pulls++ === 0 ? 'failed' : 'synced'),
      },
      35_000,
    );
    expect(done.filter((line) => line.includes('pull'))).toEqual([
      '0: pull infra at one',
      '30000: pull infra at one',
      '30000: pull shop at one',
    ]);
  });

  it('does not take what was synced for synced when it cannot be pulled any more', async () => {
    let heads = 0;
    const done = await drive(
      {
        head: async () => (heads++ === 0 ? 'one' : 'two'),
        config: async () => configOf(sync('infra'), sync('shop', ['infra'])),
        pull: async (spec, _config, revision) => {
          if (spec.name === 'infra' && revision === 'two') throw new Error('no server');
          return 'synced';
        },
      },
      10_000,
    );
    expect(done).toContain('0: pull shop at one');
    expect(done).toContain('2000: pull infra at two');
    expect(done).not.toContain('2000: pull shop at two');
  });

  it('wakes for a head, and resolves after a whole round that saw it', async () => {
    const stop = new AbortController();
    let head = 'one';
    const done: string[] = [];
    const loop = startLoop(
      {
        head: async () => head,
        config: async () => configOf(sync('shop')),
        pull: async (_spec, _config, revision) => {
          done.push(revision);
          return 'synced';
        },
        failed: (what, error) => {
          throw new Error(what, { cause: error });
        },
      },
      { ...times, head: 3_600_000, pull: 3_600_000 },
      { now: () => performance.now(), sleep },
      stop.signal,
    );
    await loop.wake();
    head = 'two';
    await loop.wake();
    expect(done).toEqual(['one', 'two']);
    const last = loop.wake();
    stop.abort();
    await last;
    await loop.ended;
    await loop.wake();
  });

  it('pulls every sync when it is woken to, also where the head is the same and the last pull failed', async () => {
    const stop = new AbortController();
    const done: string[] = [];
    const loop = startLoop(
      {
        head: async () => 'one',
        config: async () => configOf(sync('a'), sync('b')),
        pull: async ({ name }) => {
          done.push(name);
          return name === 'a' ? 'synced' : 'failed';
        },
        failed: (what, error) => {
          throw new Error(what, { cause: error });
        },
      },
      { ...times, head: 3_600_000, pull: 3_600_000, retry: 3_600_000 },
      { now: () => performance.now(), sleep },
      stop.signal,
    );
    await loop.wake();
    await loop.wake();
    expect(done).toEqual(['a', 'b']);
    await loop.wake({ pullAll: true });
    await loop.wake();
    expect(done).toEqual(['a', 'b', 'a', 'b']);
    stop.abort();
    await loop.ended;
  });

  it('pulls the sync that changed, once for changes that come together, and no other', async () => {
    const stop = new AbortController();
    const { promise: again, resolve } = Promise.withResolvers<void>();
    const done: string[] = [];
    const loop = startLoop(
      {
        head: async () => 'one',
        config: async () => configOf(sync('a'), sync('b')),
        pull: async ({ name }) => {
          done.push(name);
          if (done.length === 3) resolve();
          return 'synced';
        },
        failed: (what, error) => {
          throw new Error(what, { cause: error });
        },
      },
      { ...times, head: 3_600_000, pull: 3_600_000 },
      { now: () => performance.now(), sleep },
      stop.signal,
    );
    loop.changed('b', 0);
    await loop.wake();
    loop.changed('b', 20);
    loop.changed('b', 30);
    loop.changed('unknown', 0);
    await again;
    await loop.wake();
    stop.abort();
    await loop.ended;
    expect(done).toEqual(['a', 'b', 'b']);
  });
});

describe('one round', () => {
  const round = (ports: Partial<LoopPorts>) => {
    const done: string[] = [];
    const all: LoopPorts = {
      head: async () => 'one',
      config: async () => configOf(sync('infra'), sync('shop', ['infra']), sync('other')),
      pull: async ({ name }) => {
        done.push(name);
        return 'synced';
      },
      failed: (what) => void done.push(`failed to ${what}`),
      ...ports,
    };
    return { done, ended: oneRound(all, { now: () => 0 }, new AbortController().signal) };
  };

  it('pulls every sync once, in order', async () => {
    const { done, ended } = round({});
    expect(await ended).toMatchObject({ revision: 'one', ok: true });
    expect(done).toEqual(['infra', 'shop', 'other']);
  });

  it('leaves out what depends on a sync that is not synced in this round', async () => {
    const { done, ended } = round({ pull: async ({ name }) => (name === 'infra' ? 'progressing' : 'synced') });
    const { results, ok } = await ended;
    expect([...results]).toEqual([
      ['infra', 'progressing'],
      ['other', 'synced'],
    ]);
    expect({ done, ok }).toEqual({ done: [], ok: true });
  });

  it('says when the head cannot be read, and pulls nothing', async () => {
    const { done, ended } = round({ head: () => Promise.reject(new Error('no host')) });
    expect(await ended).toEqual({ revision: undefined, results: new Map(), ok: false });
    expect(done).toEqual(['failed to look at the head']);
  });
});
