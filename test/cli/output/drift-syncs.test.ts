import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  type CheckedSync,
  type CheckedSyncs,
  printSyncs,
  printSyncsJson,
} from '../../../lib/cli/output/drift-syncs.ts';
import type { ObjectDrift } from '../../../lib/model/drift.ts';
import type { DriftFound } from '../../../lib/model/messages.ts';

const [old, head] = ['1'.repeat(40), '2'.repeat(40)];

function drifted(name: string): ObjectDrift {
  const time = '2026-11-22T12:01:33Z';
  const field = {
    path: 'data.a',
    git: '1',
    live: 'by hand',
    manager: 'kubectl-edit',
    operation: 'Update' as const,
    time,
  };
  return { object: `ConfigMap/shop/${name}`, state: 'changed', fields: [field] };
}

function sync(name: string, more: Partial<DriftFound> = {}): CheckedSync {
  const found: DriftFound = {
    ...{ type: 'DriftFound', run: 'r', at: '2026-11-22T12:00:00.000Z', cluster: 'prod', sync: name },
    ...{ revision: head, head, drift: [], unknown: [], leftToControllers: [] },
    ...more,
  };
  return { sync: name, found, stops: [] };
}

function printed(checked: Partial<CheckedSyncs>, all = false): string[] {
  const stdout = new PassThrough();
  const shown = { cluster: 'prod', syncs: [], rules: [], ...checked };
  printSyncs({ stdout, env: {} } as never, shown, { all });
  return String(stdout.read()).trimEnd().split('\n');
}

const many = Array.from({ length: 500 }, (_, index) => drifted(`settings-${index}`));

describe('a check of all syncs on one screen', () => {
  it('shows of long lists what was added, removed and changed, and the values only with --all', () => {
    const item = (index: number) => ({ name: `backend-${index}`, host: `host-${index}.example.com` });
    const git = Array.from({ length: 20 }, (_, index) => item(index));
    const live = [...git.slice(1).map(({ name, host }) => ({ host, name })), { ...item(20) }];
    live[4] = { ...live[4]!, host: 'by.hand' };
    const syncs = [sync('a', { drift: [{ ...drifted('x'), fields: [{ path: 'spec.backends', git, live }] }] })];
    expect(printed({ syncs }).slice(2, -1)).toEqual([
      '      spec.backends',
      '        differs  + in the cluster, - in Git',
      '                 - [name=backend-0] {"host":"host-0.example.com","name":"backend-0"}',
      '                 - [name=backend-5].host "host-5.example.com"',
      '                 + [name=backend-5].host "by.hand"',
      '                 + [name=backend-20] {"host":"host-20.example.com","name":"backend-20"}',
      '        by       by whom is not recorded',
    ]);
    const whole = printed({ syncs }, true).join('\n');
    expect(whole).toContain('cluster  [{"host":"host-1.example.com","name":"backend-1"}');
    expect(whole).toContain('"name":"backend-20"}]');
    expect(whole).toContain('- [name=backend-0]');
  });

  it('is two lines when all is well, however many there are', () => {
    expect(printed({ syncs: [sync('a'), sync('b')] })).toEqual(['no drift  a, b', 'prod: no drift in 2 syncs']);
    const lots = Array.from({ length: 30 }, (_, index) => sync(`s${index}`));
    expect(printed({ syncs: lots })).toEqual([
      'no drift  s0, s1, s2, s3, s4 and 25 more',
      'prod: no drift in 30 syncs',
    ]);
  });

  it('says once that there is no record, and puts what was found first', () => {
    const lost = { basis: 'git' as const, revision: undefined };
    const syncs = [sync('a', lost), sync('b', { ...lost, drift: [drifted('x')] }), sync('c', lost)];
    const lines = printed({ syncs });
    expect(lines[0]).toBe('b: 1 object drifted');
    expect(lines.slice(-3)).toEqual([
      'no drift  a, c',
      'note of no sync a pull recorded what it applied: they were compared with Git',
      'prod: 1 object drifted in 1 of 3 syncs',
    ]);
    expect(printed({ syncs: [...syncs, sync('d')] })).toContain(
      'note of a, b, c no pull recorded what it applied: they were compared with Git',
    );
  });

  it('shows what is to be looked at, and behind in a line', () => {
    const suspended = { code: 'suspended', message: 'sync c is suspended by ada: the sale runs' };
    const syncs = [
      sync('a', { drift: [drifted('settings')], revision: old }),
      sync('b', { unknown: [{ object: 'apps/Deployment', reason: 'forbidden' }], revision: old }),
      { ...sync('c', { revision: old }), stops: [suspended] },
      { sync: 'd', failed: 'the check had no time left to read it', stops: [] },
      { ...sync('f', { revision: old }), dependsOn: ['base', 'infra'] },
      sync('e', { leftToControllers: ['apps/Deployment/shop/web'] }),
    ];
    expect(printed({ syncs, rules: [{ code: 'rule-void', message: 'rule 1 is void' }] })).toEqual([
      'a at 111111111111: 1 object drifted',
      '  changed  ConfigMap/shop/settings',
      '      data.a',
      '        cluster  "by hand"',
      '        Git      "1"',
      '        by       kubectl-edit, Update, 2026-11-22T12:01:33Z',
      'b at 111111111111: not everything could be checked',
      '  unknown  apps/Deployment: forbidden',
      'd: not checked: the check had no time left to read it',
      'c at 111111111111: no drift',
      '  note sync c is suspended by ada: the sale runs',
      'behind  a, b: the cluster has 111111111111, Git is at 222222222222: the next pull applies it',
      'behind  c: the cluster has 111111111111, Git is at 222222222222: no pull applies it',
      'behind  f: the cluster has 111111111111, Git is at 222222222222: the next pull applies it, once base, infra are healthy',
      'no drift  f, e',
      'left to controllers  apps/Deployment/shop/web',
      'note rule 1 is void',
      'prod: 1 object drifted in 1 of 6 syncs; not everything could be checked in 2 of 6 syncs',
    ]);
  });

  it('cuts what is long, and says so', () => {
    const syncs = [sync('a', { drift: many })];
    const cut = printed({ syncs });
    expect(cut.length).toBeLessThan(40);
    expect(cut).toContain('  and 495 more; --all shows them');
    expect(cut.at(-1)).toBe('prod: 500 objects drifted in 1 of 1 sync');
    const all = printed({ syncs }, true);
    expect(all.filter((line) => line.startsWith('  changed  '))).toHaveLength(500);
    expect(all.join('\n')).not.toContain('--all');
  });

  it('says that nothing could be looked at', () => {
    expect(printed({ syncs: [sync('a')], unreachable: 'connect ECONNREFUSED' })).toEqual([
      'unknown  everything: connect ECONNREFUSED',
      'prod: nothing could be checked',
    ]);
  });

  it('writes no control characters of names and reasons', () => {
    const lines = printed({ syncs: [sync('a', { unknown: [{ object: 'a\u001b[2J', reason: 'b\u0007' }] })] });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(lines.join('\n')).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('is all there for programs', () => {
    const stdout = new PassThrough();
    const syncs = [sync('a', { drift: many }), { sync: 'd', failed: 'no time', stops: [] }];
    printSyncsJson({ stdout, env: {} } as never, { cluster: 'prod', syncs, rules: [] });
    const json = JSON.parse(String(stdout.read()));
    expect(json).toMatchObject({
      cluster: 'prod',
      notices: [],
      syncs: [{ sync: 'a', revision: head, behind: [] }, {}],
    });
    expect(json.syncs[0].drift).toHaveLength(500);
    expect(json.syncs[1]).toMatchObject({ sync: 'd', revision: null, unknown: [{ object: '*', reason: 'no time' }] });
  });
});
