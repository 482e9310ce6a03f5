import { spawn } from 'node:child_process';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { yamlDocuments } from '../../lib/cli/output/yaml.ts';
import { readObjects } from '../../lib/desired/yaml.ts';
import { alike, fileOf, laxer, laxerStreams, streams, stricter } from './yaml-corpus.ts';

let program = '';

beforeAll(async () => {
  program = (await findKubectl({ env: process.env })).path;
});

/** What kubectl reads: its JSON, or undefined when it refuses. An empty patch without a server makes it print its input. */
async function kubectl(text: string): Promise<unknown> {
  return (await kubectlAll(text))?.[0];
}

/** As `kubectl`, all objects: it prints one JSON document behind the other, each from its first column. */
async function kubectlAll(text: string): Promise<unknown[] | undefined> {
  const args = ['patch', '--local', '--type=merge', '-p', '{}', '-f', '-', '-o', 'json'];
  const child = spawn(program, args, { env: { KUBECONFIG: '/nonexistent' }, stdio: ['pipe', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(text);
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) return undefined;
  const written = Buffer.concat(out).toString('utf8');
  return JSON.parse(`[${written.replaceAll(/^\}\n(?=\{)/gm, '},')}]`) as unknown[];
}

function windlass(text: string): unknown {
  return windlassAll(text)?.[0];
}

function windlassAll(text: string): unknown[] | undefined {
  const { objects, problems } = readObjects(text, 'f.yaml');
  return problems.length > 0 ? undefined : JSON.parse(JSON.stringify(objects.map(({ object }) => object)));
}

describe('YAML is read as kubectl reads it', () => {
  it.each(Object.entries(alike))('%s', async (_, document) => {
    expect(windlass(fileOf(document))).toEqual(await kubectl(fileOf(document)));
  });

  it.each(Object.entries(stricter))('is stricter: %s', async (_, [document]) => {
    expect(windlass(fileOf(document))).toBeUndefined();
    expect(await kubectl(fileOf(document))).toBeDefined();
  });

  it.each(Object.entries(laxer))('is laxer: %s', async (_, document) => {
    expect(windlass(fileOf(document))).toBeDefined();
    expect(await kubectl(fileOf(document))).toBeUndefined();
  });

  it.each(Object.entries(streams))('a file: %s', async (_, text) => {
    expect(windlassAll(text)).toEqual(await kubectlAll(text));
  });

  it.each(Object.entries(laxerStreams))('is laxer with a file: %s', async (_, text) => {
    expect(windlassAll(text)).toHaveLength(1);
    expect(await kubectlAll(text)).toBeUndefined();
  });

  it('reads thousands of random plain scalars alike', async () => {
    const plain = fc.string({ unit: fc.constantFrom(...'0123456789+-._:eExXoObBnyYN~fa'), minLength: 1, maxLength: 8 });
    const scalars = [...new Set(fc.sample(plain, { numRuns: 20_000, seed: 7 }))].filter(
      (scalar) => windlass(fileOf(`d: ${scalar}`)) !== undefined,
    );
    expect(scalars.length).toBeGreaterThan(10_000);
    const text = fileOf(`d:\n${scalars.map((scalar, index) => `  k${index}: ${scalar}\n`).join('')}`);
    expect(windlass(text)).toEqual(await kubectl(text));
  });

  it('reads what render prints as it was', async () => {
    const texts = fc.sample(
      fc.oneof(
        fc.string({ unit: 'binary-ascii' }),
        fc.string(),
        fc.constantFrom(...'yes y on 0123 0o17 1e3 ~ null <<  = 12:30 2027-01-01 0x1 -'.split(' ')),
      ),
      { numRuns: 2000, seed: 7 },
    );
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: Object.fromEntries(texts.map((text, index) => [`k${index}`, text])),
    };
    const text = yamlDocuments([object]);
    expect(windlass(text)).toEqual(object);
    expect(await kubectl(text)).toEqual(object);
  });
});
