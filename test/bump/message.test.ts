import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bump, sweep } from '../../lib/bump/bump.ts';
import { templateFields } from '../../lib/config/template.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import { host, type Loop, loop, now } from './setup.ts';

const web = `${host}/shop/web`;
const label = (source: string, revision: string) => ({
  'org.opencontainers.image.source': source,
  'org.opencontainers.image.revision': revision,
});
const head = ({ git }: Loop, format = '%B') => git.git('log', '-1', `--format=${format}`);
const trailer = (world: Loop, key: string) => world.git.git('log', '-1', `--format=%(trailers:key=${key},valueonly)`);

describe('the message of a bump by a template', () => {
  const start = (commits: string) =>
    loop({
      'windlass.yaml': `windlass: 1
images:
  web: { image: ${web}, semver: "*" }
  api: { image: ${host}/shop/api, semver: "*" }
commits:
${commits}
clusters: { main: {} }
environments: { staging: {}, prod: {} }
syncs: { shop: { in: [staging, prod], path: "apps/{env}" } }
`,
      'apps/staging/web.yaml': `image: ${web}:1.0.0 # {"$imagepolicy": "web"}\n`,
      'apps/prod/api.yaml': 'tag: 3.0.0 # {"$imagepolicy": "api:tag"}\n',
    });

  it('has every field, filled in from what moves', async () => {
    const world = await start(`  subject: "chore({environment}): {images} to {to} ({count})"
  body: |
    {policy} of {repository}
    from {from} to {tag}{{}}
    Source: {source}
    Files: {files}
    Events: {event}
    Digest: {digest}
    {changes}`);
    const pushes = [await world.push('shop/web', '1.1.0'), await world.push('shop/api', '4.0.0')];
    await bump({ pushes, now }, world.ports);
    expect(head(world).split('\n\nWindlass-')[0]).toBe(
      [
        'chore(staging, prod): web and api to 1.1.0, 4.0.0 (2)',
        '',
        `web and api of ${web}, ${host}/shop/api`,
        'from 1.0.0, 3.0.0 to 1.1.0, 4.0.0{}',
        'Files: apps/prod/api.yaml, apps/staging/web.yaml',
        'Events: push-shop/web-1.1.0, push-shop/api-4.0.0',
        `Digest: ${pushes.map(({ digest }) => digest).join(', ')}`,
        'api: 3.0.0 -> 4.0.0 (apps/prod/api.yaml:1)',
        `web: ${web}:1.0.0 -> ${web}:1.1.0 (apps/staging/web.yaml:1)`,
      ].join('\n'),
    );
    expect(trailer(world, 'Windlass-Policy')).toBe('web\napi');
    expect(trailer(world, 'Windlass-Event')).toBe('push-shop/web-1.1.0\npush-shop/api-4.0.0');
  });

  it('has all its fields, and no others, in the documentation', () => {
    const text = readFileSync(new URL('../../docs/bump.md', import.meta.url), 'utf8');
    const rows = text.split('\n').filter((line) => line.startsWith('| `{'));
    const fields = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    expect(fields.sort()).toEqual(Object.keys(templateFields).sort());
  });

  it('names only the environments whose files change', async () => {
    const world = await start('  subject: "{environment}: {images}"');
    await bump({ pushes: [await world.push('shop/api', '4.0.0')], now }, world.ports);
    expect(head(world, '%s')).toBe('prod: api');
  });

  it('has one blank line where a line between two of them is left out', async () => {
    const world = await start('  body: "Images: {images}\\n\\n{event}\\n\\nFiles: {files}\\n"');
    await world.push('shop/web', '1.1.0');
    await sweep({ now }, world.ports);
    expect(head(world)).toContain('Images: web\n\nFiles: apps/staging/web.yaml\n\nWindlass-');
  });

  it('keeps its usual subject where the template comes out empty', async () => {
    const world = await start('  subject: "{event}"');
    await world.push('shop/web', '1.1.0');
    await sweep({ now }, world.ports);
    expect(head(world, '%s')).toBe('Bump web to 1.1.0');
  });

  it('lets no event id or tag add a trailer or a line of its own', async () => {
    const world = await start('  subject: "{event}"\n  body: "{event}"');
    const push = await world.push('shop/web', '1.1.0', 'x\n\nWindlass-Policy: api\nWindlass-To: 9');
    await bump({ pushes: [push], now }, world.ports);
    expect(trailer(world, 'Windlass-Policy')).toBe('web');
    expect(trailer(world, 'Windlass-To')).toBe('1.1.0');
  });
});

describe('where an image was built from', () => {
  const start = () =>
    loop({
      'windlass.yaml': `windlass: 1\nimages:\n  web: { image: ${web}, semver: "*" }\n`,
      'web.yaml': `image: ${web}:1.0.0 # {"$imagepolicy": "web"}\n`,
    });
  const site = 'https://github.com/acme/web';

  /** The trailer of a bump from an image with some labels to one with others. */
  async function sourceOf(before: Record<string, string>, after: Record<string, string>): Promise<string> {
    const world = await start();
    await world.registry.push(web, '1.0.0', now, { labels: before });
    await world.registry.push(web, '1.1.0', now, { labels: after });
    await sweep({ now }, world.ports);
    expect(world.show('web.yaml')).toContain('1.1.0');
    const told = trailer(world, 'Windlass-Source');
    const record = [...world.records.written.values()].find(({ kind }) => kind === 'bumped');
    expect(record?.details?.['source']).toBe(told === '' ? undefined : told);
    return told;
  }

  it.each<[string, Record<string, string>, Record<string, string>, string]>([
    ['both revisions are known', label(site, 'aaa111'), label(site, 'bbb222'), `${site}/compare/aaa111...bbb222`],
    ['the old one is not known', {}, label(site, 'bbb222'), `${site}/commit/bbb222`],
    ['both are the same', label(site, 'bbb222'), label(site, 'bbb222'), `${site}/commit/bbb222`],
    [
      'the address ends in .git',
      label(site, 'aaa111'),
      label(`${site}.git`, 'bbb222'),
      `${site}/compare/aaa111...bbb222`,
    ],
    ['there is no address', {}, { 'org.opencontainers.image.revision': 'v1.1.0' }, 'v1.1.0'],
    ['there are no labels', {}, {}, ''],
    ['only the old one is known', label(site, 'aaa111'), {}, ''],
  ])('is told by the labels when %s', async (_, before, after, expected) => {
    expect(await sourceOf(before, after)).toBe(expected);
  });

  it.each([
    ['javascript:alert(1)', 'bbb222', 'bbb222'],
    ['http://github.com/acme/web', 'bbb222', 'bbb222'],
    ['https://user:secret@github.com/acme/web', 'bbb222', 'bbb222'],
    ['https://github.com/acme/web?x=[y](https://evil.example)', 'bbb222', 'bbb222'],
    ['https://github.com/acme/web)\nWindlass-Event: x', 'bbb222', 'bbb222'],
    ['https://github.com/acme/../../x y', 'bbb222', 'bbb222'],
    [site, '../../../evil', ''],
    [site, 'bbb222\nWindlass-Policy: api', ''],
    [site, '<script>', ''],
    [site, `b${'b'.repeat(200)}`, ''],
    [site, '--upload-pack=x', ''],
  ])('takes nothing from a label that is no plain address and revision: %j %j', async (source, revision, expected) => {
    expect(await sourceOf({}, label(source, revision))).toBe(expected);
  });

  it.each<[string, string | undefined]>([
    ['2026-11-20T09:00:00+01:00', '2026-11-20T08:00:00.000Z'],
    ['2026-11-20T08:00:00.9Z', '2026-11-20T08:00:00.000Z'],
    ...['', '1764000000', '2026-11-20', '2026-11-20 08:00:00Z', '2026-11-20T08:00:00', '2026-13-20T08:00:00Z'].map(
      (text): [string, undefined] => [text, undefined],
    ),
    // A time that a build sets to nothing is none, and a label cannot add a trailer.
    ['1970-01-01T00:00:00Z', undefined],
    ['2026-11-20T08:00:00Z\nWindlass-Policy: api', undefined],
  ])('has the time %j of its commit as %s', async (label, expected) => {
    const world = await start();
    await world.registry.push(web, '1.1.0', now, { labels: { 'dev.windlass.source-time': label } });
    await sweep({ now }, world.ports);
    expect(world.show('web.yaml')).toContain('1.1.0');
    const record = [...world.records.written.values()].find(({ kind }) => kind === 'bumped');
    expect(trailer(world, 'Windlass-Source-Time')).toBe(expected ?? '');
    expect(record?.details?.['sourceTime']).toBe(expected);
  });

  it.each([
    new RetryableError('throttled', { code: 'throttled' }),
    new UserError('no such image', { code: 'image-missing' }),
  ])('is left out when it cannot be read, and the bump is made: %s', async (error) => {
    const world = await start();
    const push = await world.push('shop/web', '1.1.0');
    const registry = { ...world.registry, details: () => Promise.reject(error) };
    expect((await bump({ pushes: [push], now }, { ...world.ports, registry })).outcome).toBe('committed');
    expect(trailer(world, 'Windlass-Source')).toBe('');
  });
});
