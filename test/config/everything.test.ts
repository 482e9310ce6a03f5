import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../../lib/config/windlass-file.ts';

const root = new URL('../../', import.meta.url);
const file = await readFile(new URL('test/fixtures/config/everything/windlass.yaml', root), 'utf8');

it('takes a file that uses every section, and warns of each thing that is not there yet', () => {
  const { config, problems, warnings } = readConfig(file);
  expect(problems).toEqual([]);
  expect(warnings.map(({ code, line, message }) => [code, line, message.split(':')[0]])).toEqual([
    ['not-yet', 7, 'web is not bumped'],
    ['not-yet', 12, 'worker is not bumped'],
    ['not-yet', 15, 'prod is not bumped'],
    ['not-yet', 20, 'infra is not pulled'],
    ['not-yet', 23, 'drift.ignore has no effect yet'],
    ['not-yet', 26, 'notices are not sent yet'],
  ]);
  expect(config?.syncs.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
    ['infra', []],
    ['shop-staging', []],
    ['shop-prod', ['infra']],
  ]);
  expect(config?.drift.ignore[0]?.until).toBe('2027-01-01');
});

it('takes it in an editor too', async () => {
  const schema = JSON.parse(await readFile(new URL('schema/windlass.schema.json', root), 'utf8'));
  // zod's reader does not know alternatives of required keys.
  delete schema.properties.images.additionalProperties.oneOf;
  expect(z.fromJSONSchema(schema).safeParse(parse(file)).error).toBeUndefined();
});
