import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../../lib/config/windlass-file.ts';

const root = new URL('../../', import.meta.url);
const file = await readFile(new URL('test/fixtures/config/everything/windlass.yaml', root), 'utf8');
/** Apart from the rest, since to render it a chart is asked for that is nowhere. */
const charts = await readFile(new URL('test/fixtures/config/charts/windlass.yaml', root), 'utf8');

it('takes a file that uses every section, and warns of each thing that is not there yet', () => {
  const { config, problems, warnings } = readConfig(file);
  expect(problems).toEqual([]);
  expect(warnings.map(({ code, line, message }) => [code, line, message.split(':')[0]])).toEqual([
    ['not-yet', 37, 'docs is not bumped'],
  ]);
  expect(config?.syncs.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
    ['infra', []],
    ['shop-staging', []],
    ['shop-prod', ['infra']],
  ]);
  expect(config?.notify.routes.map(({ syncs }) => syncs)).toEqual([
    ['shop-staging', 'shop-prod'],
    undefined,
    undefined,
  ]);
  expect(config?.drift.ignore[0]?.until).toBe('2999-01-01');
});

it('takes it in an editor too', async () => {
  const schema = JSON.parse(await readFile(new URL('schema/windlass.schema.json', root), 'utf8'));
  const image = schema.properties.images.additionalProperties;
  const target = image.properties.targets.items;
  const targets = Object.values<{ targets?: object[] }>(parse(file).images).flatMap((entry) => entry.targets ?? []);
  expect(targets).toHaveLength(6);
  for (const entry of targets) expect(target.oneOf.filter((rule: Rule) => fits(rule, entry))).toHaveLength(1);
  for (const wrong of [
    {},
    { name: 'a' },
    { file: 'a' },
    { kustomization: 'a', tag: 'b' },
    { file: 'a', helmValues: 'b' },
  ])
    expect(target.oneOf.filter((rule: Rule) => fits(rule, wrong))).toEqual([]);
  // zod's reader does not know alternatives of required keys.
  delete image.oneOf;
  delete target.oneOf;
  expect(z.fromJSONSchema(schema).safeParse(parse(file)).error).toBeUndefined();
});

it('uses every key of the reference', async () => {
  const reference = await readFile(new URL('docs/windlass-yaml.md', root), 'utf8');
  const keys = [...reference.matchAll(/^\| `([a-zA-Z.*[\]]+)` \|/gm)].map((match) => match[1]!);
  expect(keys.length).toBeGreaterThan(50);
  const unused = (text: string) => keys.filter((key) => valuesAt(parse(text), key).length === 0);
  const both = new Set(unused(charts));
  expect(unused(file).filter((key) => both.has(key))).toEqual([]);
  expect(readConfig(charts).problems).toEqual([]);
});

interface Rule {
  required: string[];
  propertyNames: { enum: string[] };
}

function fits({ required, propertyNames }: Rule, entry: object): boolean {
  const keys = Object.keys(entry);
  return required.every((key) => keys.includes(key)) && keys.every((key) => propertyNames.enum.includes(key));
}

/** What is at a key as the reference writes it: `images.*.filter.include`, `drift.ignore[].object`. */
function valuesAt(value: unknown, key: string): unknown[] {
  return key
    .split('.')
    .flatMap((part) => (part.endsWith('[]') ? [part.slice(0, -2), '*'] : [part]))
    .reduce<unknown[]>(
      (found, part) =>
        found.flatMap((owner) => {
          if (typeof owner !== 'object' || owner === null) return [];
          if (part === '*') return Object.values(owner);
          return part in owner ? [(owner as Record<string, unknown>)[part]] : [];
        }),
      [value],
    );
}
