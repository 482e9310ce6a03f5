import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { jsonSchema } from '../../lib/config/schema.ts';
import { templateFields } from '../../lib/config/template.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFile(new URL(path, root), 'utf8');
const examples = ['examples/minimal/windlass.yaml', 'examples/shop/windlass.yaml'];

interface Schema {
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  description?: string;
}

/** The keys of a schema as the reference writes them: `images.*.filter.include`, `drift.ignore[].object`. */
function keysOf(schema: Schema, path = ''): { key: string; description: string | undefined }[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const key = path === '' ? name : `${path}.${name}`;
    return [{ key, description: inner.description }, ...keysOf(inner, key)];
  });
  const named = typeof schema.additionalProperties === 'object' ? keysOf(schema.additionalProperties, `${path}.*`) : [];
  const listed = schema.items === undefined ? [] : keysOf(schema.items, `${path}[]`);
  return [...own, ...named, ...listed, ...(schema.anyOf ?? []).flatMap((inner) => keysOf(inner, path))];
}

describe('the published JSON Schema', () => {
  it('is the one of the code (else: npm run schema)', async () => {
    expect(JSON.parse(await read('schema/windlass.schema.json'))).toEqual(jsonSchema());
  });

  it('describes every key', () => {
    expect(keysOf(jsonSchema() as Schema).filter(({ description }) => !description)).toEqual([]);
  });

  it.each(examples)('takes %s, as Windlass does', async (path) => {
    const text = await read(path);
    expect(readConfig(text)).toMatchObject({ problems: [], warnings: [] });
    const written = JSON.parse(await read('schema/windlass.schema.json'));
    // zod's reader does not know alternatives of required keys: they are looked at here.
    const { oneOf, ...image } = written.properties.images.additionalProperties;
    written.properties.images.additionalProperties = image;
    delete image.properties.targets.items.oneOf;
    const schema = z.fromJSONSchema(written);
    expect(schema.safeParse(parse(text)).error).toBeUndefined();
    for (const entry of Object.values(parse(text).images as Record<string, object>)) {
      const fitting = (oneOf as { required: string[] }[]).filter(({ required }) =>
        required.every((key) => key in entry),
      );
      expect(fitting).toHaveLength(1);
    }
    expect(schema.safeParse({ windlass: 1, image: {} }).success).toBe(false);
  });
});

describe('the reference', () => {
  it('has every key, and no other', async () => {
    const text = await read('docs/windlass-yaml.md');
    const written = [...text.matchAll(/^\| `([a-zA-Z.*[\]]+)` \|/gm)].map((match) => match[1]);
    expect(written.sort()).toEqual([...new Set(keysOf(jsonSchema() as Schema).map(({ key }) => key))].sort());
  });

  it('has every field of a message template, and no other', async () => {
    const text = await read('docs/windlass-yaml.md');
    const written = [...text.matchAll(/^\| `\{(\w+)\}` \| (.*)\. \|$/gm)].map(([, field, meaning]) => [field, meaning]);
    const fields = Object.entries(templateFields).map(([field, meaning]) => [
      field,
      meaning[0]!.toUpperCase() + meaning.slice(1),
    ]);
    expect(written).toEqual(fields);
  });

  it('has examples that are valid, the first one in under 15 lines', async () => {
    const text = await read('docs/windlass-yaml.md');
    const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)]
      .map((match) => match[1]!)
      .filter((block) => block.startsWith('windlass: 1'));
    expect(blocks).toHaveLength(2);
    const parts = [...text.matchAll(/```yaml\n((?:images|commits|pullRequests|health):[\s\S]*?)```/g)].map(
      (match) => match[1]!,
    );
    expect(parts).toHaveLength(4);
    for (const part of parts) expect(readConfig(`windlass: 1\n${part}`)).toMatchObject({ problems: [], warnings: [] });
    const targets = /```yaml\n(targets:[\s\S]*?)```/.exec(text)![1]!.replaceAll(/^/gm, '    ');
    const image = `windlass: 1\nimages:\n  web:\n    image: ghcr.io/acme/web\n    semver: "1"\n${targets}`;
    expect(readConfig(image)).toMatchObject({
      problems: [],
      warnings: [],
      config: { images: { web: { targets: { length: 7 } } } },
    });
    for (const block of blocks) expect(readConfig(block)).toMatchObject({ problems: [], warnings: [] });
    expect(blocks[0]!.trim().split('\n').length).toBeLessThan(15);
  });
});
