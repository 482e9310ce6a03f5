import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { propNames } from '../../lib/infra/check-props.ts';
import { allProps, leastProps, type Statement, templateOf } from './synth.ts';

const page = readFileSync('docs/aws.md', 'utf8');
const least = templateOf(leastProps);

/** The rows of the page's tables, by their first cell. */
const rows = new Map(
  page
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, first = '', ...rest]) => [first, rest]),
);

describe('docs/aws.md', () => {
  it('has every prop, and no other', () => {
    const table = page.slice(page.indexOf('## The props'), page.indexOf('Of a cluster:'));
    const documented = [...table.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name);
    expect(documented).toEqual(propNames);
    expect(Object.keys(allProps).sort()).toEqual([...propNames].sort());
  });

  it('has every output, and no other', () => {
    const part = page.slice(page.indexOf('## The outputs'), page.indexOf('## How this is tested'));
    const documented = [...part.matchAll(/`([A-Z]\w+)`/g)]
      .map(([, name]) => name)
      .filter((name) => !name?.startsWith('Windlass'));
    expect(documented.sort()).toEqual(Object.keys(least.json.Outputs).sort());
  });

  it('has every function with its time and memory', () => {
    for (const [, { Properties }] of least.ofType('AWS::Lambda::Function')) {
      const description: string = least.resources[Properties.Role['Fn::GetAtt'][0]]!.Properties.Description;
      const [, file = ''] = /function ([\w-]+) of/.exec(description) ?? [];
      expect(rows.get(file)?.slice(1, 3)).toEqual([`${Properties.Timeout} s`, `${Properties.MemorySize} MB`]);
    }
  });

  it('has the statements that a key of somebody else must have', () => {
    const [, json = ''] = /```json\n(\[[^`]+)```/.exec(page) ?? [];
    const statements: Statement[] = JSON.parse(json);
    expect(statements.map(({ Condition }) => Object.keys(Condition))).toEqual([['StringEquals'], ['ArnLike']]);
    const [bump] = templateOf(allProps)
      .statementsOfRole('WindlassBumpRole')
      .filter(({ Resource }) => Resource === allProps.encryptionKey);
    expect(statements[1]!.Action).toEqual(bump!.Action);
  });
});
