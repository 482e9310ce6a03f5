import { describe, expect, it } from 'vitest';
import { choose, type Question } from '../../lib/policy/choose.ts';
import { compilePolicy } from '../../lib/policy/policy.ts';
import type { Hold, PolicySpec } from '../../lib/policy/spec.ts';
import type { TagFacts } from '../../lib/policy/tag-facts.ts';

const now = new Date('2026-06-01T12:00:00Z');

type Spec = Omit<PolicySpec, 'image'>;
/** Texts of the registry, texts in Git, and what comes of them: a tag, or the cause why Git stays as it is. */
type Row = [tags: string, current: string, expected: string];

/** `1.0.0 1.1.0`: texts apart by blanks; `-` for none. A tag may have its push time in minutes behind it: `a~10`. */
function listed(text: string): TagFacts[] {
  if (text === '-') return [];
  return text.split(' ').map((one) => {
    const [tag, minutes] = one.split('~');
    return minutes === undefined ? { tag: tag! } : { tag: tag!, pushedAt: at(Number(minutes)) };
  });
}

function at(minutes: number): string {
  return new Date(Date.UTC(2026, 4, 1, 0, minutes)).toISOString();
}

function ask(spec: Spec, tags: string, current: string, more: Partial<Question> = {}): string {
  const policy = compilePolicy({ image: 'acme/web', ...spec });
  const inGit = current === '-' ? [] : current.split(' ');
  const choices = [listed(tags), listed(tags).reverse()].map((list) =>
    choose({ policy, tags: list, current: inGit, now, ...more }),
  );
  const [one, other] = choices.map(({ chosen, kept, adopted }) =>
    [chosen ?? `(${kept})`, ...adopted.map((text) => `+${text}`)].join(' '),
  );
  expect(other, 'the other way round').toBe(one);
  return one!;
}

function table(name: string, spec: Spec, rows: Row[], more: Partial<Question> = {}): void {
  describe(name, () => {
    it.each(rows)('of %s, with %s in Git: %s', (tags, current, expected) => {
      expect(ask(spec, tags, current, more)).toBe(expected);
    });
  });
}

const range = '>=1.0.0 <2.0.0';
table(`semver ${range}`, { semver: range }, [
  ['-', '-', '(no-fit)'],
  ['-', '1.0.0', '(no-fit)'],
  ['1.0.0', '-', '1.0.0'],
  ['1.0.0', '1.0.0', '1.0.0'],
  ['1.0.0 1.1.0', '1.0.0', '1.1.0'],
  ['1.9.0 1.10.0 1.11.0', '1.9.0', '1.11.0'],
  ['1.9.9 1.10.0', '-', '1.10.0'],
  ['v1.9.9 v1.10.0', '-', 'v1.10.0'],
  ['v1.1.0 1.1.0', '-', 'v1.1.0'],
  ['v1.1.0 1.1.0', '1.1.0', '(no-newer)'],
  ['v1.1.0 1.1.0', 'v1.1.0', 'v1.1.0'],
  ['01.02.03 1.2.2', '-', '01.02.03'],
  ['2.0.0', '-', '(no-fit)'],
  ['2.0.0 1.4.0', '-', '1.4.0'],
  ['2.0.0 1.4.0', '2.0.0', '(downgrade)'],
  ['0.9.0', '-', '(no-fit)'],
  ['1.5.0-rc.1 1.4.0', '-', '1.4.0'],
  ['1.5.0-rc.1', '-', '(no-fit)'],
  ['1.5.0-rc.1 1.4.0', '1.5.0-rc.1', '(downgrade)'],
  ['1.5.0 1.4.0', '1.5.0-rc.1', '1.5.0'],
  ['1.4.0', '1.5.0', '(downgrade)'],
  ['1.4.0', '1.5.0 1.3.0', '(downgrade)'],
  ['1.5.0', '1.5.0 1.3.0', '1.5.0'],
  ['1.4.0', 'latest', '1.4.0 +latest'],
  ['1.4.0', 'PLACEHOLDER', '1.4.0 +PLACEHOLDER'],
  ['1.4.0', '1', '1.4.0 +1'],
  ['1.4.0', '1.4', '1.4.0 +1.4'],
  ['1.4.0', 'latest 1.3.0', '1.4.0 +latest'],
  ['1.4.0', 'latest 1.5.0', '(downgrade)'],
  ['latest', 'latest', '(no-fit)'],
  ['1.4.0 latest main 7 sha256-abc.sig', '1.3.0', '1.4.0'],
  ['1 1.4 1.4.0', '-', '1.4.0'],
  ['1.4.0.1 1.4.0', '-', '1.4.0'],
  ['1.4.0_1 1.4.0', '-', '1.4.0'],
  ['1.4.0+b 1.3.0', '-', '1.3.0'],
  ['18446744073709551616.0.0 1.0.0', '-', '1.0.0'],
  ['1.18446744073709551615.0 1.2.0', '-', '1.18446744073709551615.0'],
]);

table('semver with prereleases', { semver: '>=1.0.0-0' }, [
  ['1.0.0 2.0.0-rc.1', '-', '2.0.0-rc.1'],
  ['1.0.0-rc.9 1.0.0-rc.10', '-', '1.0.0-rc.10'],
  ['1.0.0-rc.10 1.0.0', '1.0.0-rc.10', '1.0.0'],
  ['1.0.0-alpha 1.0.0-beta', '-', '1.0.0-beta'],
  ['1.0.0-1 1.0.0-a', '-', '1.0.0-a'],
  ['1.0.0-rc.1', '1.0.0', '(downgrade)'],
  ['1.0.0-rc.01', '-', '(no-fit)'],
]);

table('semver of any calendar', { semver: '*' }, [
  ['2025.07.03 2025.06.30', '-', '2025.07.03'],
  ['v2025.07.03 v2025.7.4', 'v2025.07.03', 'v2025.7.4'],
  ['2025.12.31 2026.01.01', '2025.12.31', '2026.01.01'],
]);

table('semver with allowDowngrade', { semver: range, allowDowngrade: true }, [
  ['1.4.0', '1.5.0', '1.4.0'],
  ['1.4.0', '2.0.0', '1.4.0'],
  ['1.4.0 1.5.0', '1.5.0', '1.5.0'],
  ['1.4.0', 'v1.4.0', '(no-newer)'],
  ['1.4.0', 'latest', '1.4.0 +latest'],
  ['-', '1.5.0', '(no-fit)'],
  ['2.0.0', '1.5.0', '(no-fit)'],
]);

table('numerical asc', { numerical: 'asc' }, [
  ['-', '-', '(no-fit)'],
  ['1 2 10', '-', '10'],
  ['1 2 10', '2', '10'],
  ['1 2 10', '10', '10'],
  ['1 2 10', '11', '(downgrade)'],
  ['007 6', '-', '007'],
  ['007 7', '-', '7'],
  ['007 7', '007', '(no-newer)'],
  ['1.5 1.25', '-', '1.5'],
  ['1.10 1.9', '-', '1.9'],
  ['1.10 1.1', '1.1', '(no-newer)'],
  ['0 -1', '-', '0'],
  ['-5 -10', '-', '(no-fit)'],
  ['20260101000000001 20260101000000002', '-', '20260101000000002'],
  ['20260101000000001 20260101000000002', '20260101000000001', '20260101000000002'],
  ['9007199254740993 9007199254740992', '9007199254740992', '9007199254740993'],
  [`${'9'.repeat(60)} 1${'0'.repeat(60)}`, '-', `1${'0'.repeat(60)}`],
  [`0.${'0'.repeat(50)}1 0`, '-', `0.${'0'.repeat(50)}1`],
  ['1e5 7', '-', '7'],
  ['12e4567 7', '7', '7'],
  ['inf 7', '-', '7'],
  ['+Inf 7', '-', '7'],
  ['Infinity 7', '-', '7'],
  ['nan 7', '-', '7'],
  ['NaN', '-', '(no-fit)'],
  ['0x10 7', '-', '7'],
  ['0x1p-2 7', '-', '7'],
  ['1_000 7', '-', '7'],
  ['1,5 7', '-', '7'],
  ['latest 7', '-', '7'],
  ['main-9 7', '-', '7'],
  ['1.2.3 7', '-', '7'],
  ['7', 'latest', '7 +latest'],
  ['7', 'PLACEHOLDER', '7 +PLACEHOLDER'],
  ['7', '1e5', '7 +1e5'],
  ['7', 'latest 9', '(downgrade)'],
  ['latest', '7', '(no-fit)'],
]);

table('numerical desc', { numerical: 'desc' }, [
  ['1 2 10', '-', '1'],
  ['1 2 10', '10', '1'],
  ['2 10', '1', '(downgrade)'],
  ['2 10', '2', '2'],
  ['-1 0', '-', '0'],
  ['2', 'latest', '2 +latest'],
  ['1.0 1', '-', '1.0'],
]);

table('numerical with allowDowngrade', { numerical: 'asc', allowDowngrade: true }, [
  ['7', '9', '7'],
  ['7', '7.0', '(no-newer)'],
  ['7', 'latest 9', '7 +latest'],
]);

const stamp = { include: '^main-[a-f0-9]+-(?P<ts>[0-9]+)$', extract: '$ts' };
table('numerical of an extract', { numerical: 'asc', filter: stamp }, [
  ['main-ff-9 main-aa-10', '-', 'main-aa-10'],
  ['main-ff-9 main-aa-10', 'main-ff-9', 'main-aa-10'],
  ['main-ff-9 main-aa-10', 'main-bb-11', '(downgrade)'],
  ['main-ff-10 main-aa-10', '-', 'main-ff-10'],
  ['main-ff-10 main-aa-10', 'main-aa-10', '(no-newer)'],
  ['main-ff-9 dev-aa-10 main-zz-11 12', '-', 'main-ff-9'],
  ['main-ff-9', 'dev-aa-10', 'main-ff-9 +dev-aa-10'],
  ['main-ff-9', '99', 'main-ff-9 +99'],
  ['dev-aa-10', 'main-ff-9', '(no-fit)'],
]);

table('alphabetical asc', { alphabetical: 'asc' }, [
  ['-', '-', '(no-fit)'],
  ['a b c', '-', 'c'],
  ['a b c', 'b', 'c'],
  ['a b c', 'd', '(downgrade)'],
  ['a Z', '-', 'a'],
  ['a a-1 a.1 a_1', '-', 'a_1'],
  ['10 9', '-', '9'],
  ['2026-01-02 2026-01-10', '2026-01-02', '2026-01-10'],
  ['a', 'latest', '(downgrade)'],
  ['z', 'PLACEHOLDER', 'z'],
]);

table('alphabetical desc', { alphabetical: 'desc' }, [
  ['a b c', '-', 'a'],
  ['b c', 'a', '(downgrade)'],
  ['b c', 'c', 'b'],
]);

table('alphabetical with a filter', { alphabetical: 'asc', filter: '^rel-' }, [
  ['rel-a rel-b zzz', '-', 'rel-b'],
  ['rel-a', 'latest', 'rel-a +latest'],
  ['rel-a', 'zzz', 'rel-a +zzz'],
  ['rel-a', 'rel-b', '(downgrade)'],
  ['zzz', 'rel-a', '(no-fit)'],
]);

table('alphabetical with allowDowngrade', { alphabetical: 'asc', allowDowngrade: true }, [
  ['a b', 'c', 'b'],
  ['a b', 'b', 'b'],
]);

table('newest', { newest: true }, [
  ['-', '-', '(no-fit)'],
  ['a~1 b~3 c~2', '-', 'b'],
  ['a~1 b~3 c~2', 'a', 'b'],
  ['a~1 b~3 c~2', 'b', 'b'],
  ['9.9.9~1 1.0.0~2', '9.9.9', '1.0.0'],
  ['a~5 b~5', '-', 'b'],
  ['a~5 b~5', 'a', '(no-newer)'],
  ['a~5 b~5 c~4', 'c', 'b'],
  ['a b~1', '-', 'b'],
  ['a b', '-', '(no-fit)'],
  ['a~1 b~2', 'a b', 'b'],
  ['a~1', 'gone', '(unknown-age)'],
  ['a~1', 'gone a', '(unknown-age)'],
  ['a~1 b', 'b', '(unknown-age)'],
  ['a~1', 'latest', '(unknown-age)'],
  ['latest~1 a~2', 'latest', 'a'],
  ['a~2', '<TAG>', 'a +<TAG>'],
  ['-', 'gone', '(no-fit)'],
]);

table(
  'newest, where Git was given its tag after ten minutes',
  { newest: true },
  [
    ['a~9', 'gone', '(no-newer)'],
    ['a~10', 'gone', '(no-newer)'],
    ['a~11', 'gone', 'a'],
    ['a~9 b~11', 'gone a', 'b'],
    ['a~9 b~20 c~15', 'gone', 'b'],
    ['a~9 b~20', 'b', 'b'],
    ['a~9 b', 'b', '(no-newer)'],
  ],
  { changedAt: new Date(at(10)) },
);

table('newest with a filter', { newest: true, filter: { include: '^main-', exclude: '-debug$' } }, [
  ['main-1~1 dev-1~2', '-', 'main-1'],
  ['main-1~1 main-2-debug~2', '-', 'main-1'],
  ['main-1~1', 'latest', 'main-1 +latest'],
  ['main-1~1', 'main-0', '(unknown-age)'],
  ['main-1~1 main-2-debug~2', 'main-2-debug', '(downgrade)'],
  ['dev-1~1', '-', '(no-fit)'],
  ['main-1~5 latest~5', 'latest', 'main-1 +latest'],
]);

table('newest with allowDowngrade', { newest: true, allowDowngrade: true }, [
  ['a~1', 'gone', 'a'],
  ['a~1 b~2', 'b', 'b'],
  ['a~5 b~5', 'a', '(no-newer)'],
]);

const held: [string, Spec, Partial<Hold>, Row[]][] = [
  [
    'semver, 1.4.0 past 1.5.0',
    { semver: '*' },
    { tag: '1.4.0', past: '1.5.0' },
    [
      ['1.4.0 1.5.0', '1.4.0', '(hold)'],
      ['1.4.0 1.5.0 1.5.1', '1.4.0', '1.5.1'],
      ['1.4.0 v1.5.0 1.5.0+again', '1.4.0', '(hold)'],
      ['1.4.0 1.4.9', '1.4.0', '(hold)'],
      ['1.5.1 1.5.2-rc.1', '1.4.0', '1.5.1'],
      ['1.5.0', '1.5.0', '(hold)'],
      ['latest', '1.4.0', '(no-fit)'],
      ['1.6.0', 'latest', '1.6.0 +latest'],
      ['1.5.0', 'latest', '(hold)'],
    ],
  ],
  [
    'semver with allowDowngrade, 1.4.0 past 1.5.0',
    { semver: '*', allowDowngrade: true },
    { tag: '1.4.0', past: '1.5.0' },
    [
      ['1.4.0 1.5.0', '1.4.0', '(hold)'],
      ['1.3.0 1.4.0', '1.5.0', '(hold)'],
      ['1.6.0', '1.7.0', '1.6.0'],
    ],
  ],
  [
    'semver, keeping what is after its own past',
    { semver: '*' },
    { tag: '1.6.0', past: '1.5.0' },
    [
      ['1.6.0', '1.4.0', '(hold)'],
      ['1.6.0 1.6.1', '1.4.0', '1.6.1'],
    ],
  ],
  [
    'numerical asc, 7 past 9',
    { numerical: 'asc' },
    { tag: '7', past: '9' },
    [
      ['7 8 9', '7', '(hold)'],
      ['7 9.0 09', '7', '(hold)'],
      ['7 9 9.1', '7', '9.1'],
    ],
  ],
  [
    'numerical desc, 7 past 5',
    { numerical: 'desc' },
    { tag: '7', past: '5' },
    [
      ['5 6 7', '7', '(hold)'],
      ['4 5 7', '7', '4'],
    ],
  ],
  [
    'numerical of an extract, main-a-7 past main-b-9',
    { numerical: 'asc', filter: stamp },
    { tag: 'main-a-7', past: 'main-b-9' },
    [
      ['main-a-7 main-b-9 main-c-9', 'main-a-7', '(hold)'],
      ['main-a-7 main-0-10', 'main-a-7', 'main-0-10'],
    ],
  ],
  [
    'alphabetical, b past c',
    { alphabetical: 'asc' },
    { tag: 'b', past: 'c' },
    [
      ['a b c', 'b', '(hold)'],
      ['a b c d', 'b', 'd'],
    ],
  ],
  [
    'newest, a past b',
    { newest: true },
    { tag: 'a', past: 'b', at: at(10) },
    [
      ['a~1 b~2', 'a', '(hold)'],
      ['a~1 b~2 c~3', 'a', 'c'],
      ['a~1 b~2 c~2', 'a', '(hold)'],
      ['a~1 b~99', 'a', '(hold)'],
      ['a~1 b~99 c~50', 'a', '(hold)'],
      ['a~99 b~2', 'a', '(hold)'],
      ['a~1 c~9', 'a', '(hold)'],
      ['a~1 c~10', 'a', '(hold)'],
      ['a~1 c~11', 'a', 'c'],
      ['a~1 b c~11', 'a', 'c'],
      ['a~1 b c~9', 'a', '(hold)'],
    ],
  ],
  [
    'newest, a past b, without the time when it was made',
    { newest: true },
    { tag: 'a', past: 'b' },
    [
      ['a~1 b~2 c~3', 'a', 'c'],
      ['a~1 c~99', 'a', '(hold)'],
    ],
  ],
  [
    'newest, a past b, made on a day',
    { newest: true },
    { tag: 'a', past: 'b', at: '2026-05-01' },
    [
      ['a~1 c~1440', 'a', '(hold)'],
      ['a~1 c~1441', 'a', 'c'],
    ],
  ],
  [
    'newest, past what the filter does not take',
    { newest: true, filter: '^main-' },
    { tag: 'main-1', past: 'dev-1', at: at(10) },
    [['main-1~1 main-2~99', 'main-1', '(hold)']],
  ],
];
for (const [name, spec, hold, rows] of held) {
  table(`a hold on ${name}`, spec, rows, { holds: [{ id: 'h', image: 'web', tag: '', past: '', ...hold }] });
}

describe('the tables', () => {
  it('never choose an empty tag', () => {
    for (const spec of [{ alphabetical: 'asc' }, { newest: true }, { numerical: 'asc' }] as Spec[]) {
      const policy = compilePolicy({ image: 'x', ...spec });
      expect(choose({ policy, tags: ['', { tag: '', pushedAt: at(1) }], now }).chosen).toBeUndefined();
    }
  });
});
