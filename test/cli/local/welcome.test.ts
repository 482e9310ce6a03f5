import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { ConfigRepo } from '../../../lib/bump/ports.ts';
import { announcer } from '../../../lib/cli/local/announce.ts';
import { nextPush } from '../../../lib/cli/local/next-push.ts';
import { welcome } from '../../../lib/cli/local/welcome.ts';
import { openPage } from '../../../lib/cli/local/wiring-page.ts';
import { styleFor } from '../../../lib/cli/output/style.ts';
import { readConfig } from '../../../lib/config/windlass-file.ts';
import type { Notice } from '../../../lib/model/messages.ts';

const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const now = new Date('2026-11-22T10:00:00Z');
const style = styleFor({}, {});
const program = '/opt/my windlass/bin/windlass.js';

const pushFor = (tag: string, semver: string) => {
  const bytes = new TextEncoder().encode(`image: ${host}/shop/web:${tag} # {"$imagepolicy": "web"}\n`);
  const text = `windlass: 1\nimages:\n  web: { image: "${host}/shop/web", semver: "${semver}" }\n`;
  const { config } = readConfig(text);
  const survey: ConfigRepo['survey'] = async (_revision, { facts }) => {
    const found = facts({ path: 'web.yaml', bytes });
    return { files: found === undefined ? [] : [{ path: 'web.yaml', facts: found }], tooLarge: [] };
  };
  return nextPush(config!, { survey }, 'head', now);
};

describe('the push that the welcome proposes', () => {
  it.each([
    ['1.4.2', { image: 'shop/web', tag: '1.5.0', broken: '1.6.0-broken' }],
    ['1.9.0', { image: 'shop/web', tag: '1.10.0', broken: '1.11.0-broken' }],
    ['1.6.0-broken', { image: 'shop/web', tag: '1.7.0', broken: '1.8.0-broken' }],
    ['latest', undefined],
  ])('is one that is taken when Git has %s', async (tag, expected) => {
    expect(await pushFor(tag, '>=1.4.0-0 <2.0.0')).toEqual(expected);
  });

  it('is none where the policy would not take it, and none that crashes where prereleases are left out', async () => {
    expect(await pushFor('1.4.2', '1.4.x')).toBeUndefined();
    expect(await pushFor('1.4.2', '>=1.4.0 <2.0.0')).toEqual({ image: 'shop/web', tag: '1.5.0' });
  });

  it.each([
    [undefined, 'notices', false],
    [
      { on: false, destinations: ['SNS deploys'] },
      'the routes of windlass.yaml are not followed without --notify',
      true,
    ],
    [{ on: false, destinations: ['SNS deploys'] }, 'SNS deploys', false],
    [{ on: true, destinations: ['Slack #a', 'SNS deploys'] }, 'printed here, and sent to Slack #a\n', true],
    [{ on: true, destinations: ['Slack #a', 'SNS deploys'] }, `\n${' '.repeat(40)}SNS deploys\n`, true],
  ])('says where notices go: %j, %s', (notify, text, isSaid) => {
    const paths = {
      url: 'http://127.0.0.1:1/',
      program,
      repo: 'repo.git',
      kubectl: 'kubectl',
      kubeconfig: 'k',
      dir: undefined,
    };
    const what = { example: true, push: undefined, ephemeral: false, portInUse: undefined };
    expect(welcome({ ...paths, ...what, notify, style }).includes(text)).toBe(isSaid);
  });

  it('is in the text, with paths as a shell takes them', () => {
    const text = welcome({
      url: 'http://127.0.0.1:1/',
      program,
      repo: '/tmp/my shop/repo.git',
      kubectl: '/tmp/my shop/kubectl',
      kubeconfig: '/tmp/my shop/kubeconfig',
      dir: '/tmp/my shop',
      example: true,
      push: { image: 'shop/web', tag: '1.10.0', broken: '1.11.0-broken' },
      ephemeral: true,
      portInUse: 4440,
      style,
    });
    expect(text).toContain("'/opt/my windlass/bin/windlass.js' local push --dir '/tmp/my shop' shop/web:1.10.0\n");
    expect(text).toContain("'/tmp/my shop/kubectl' -n shop-staging");
    expect(text).toContain('shop/web:1.11.0-broken');
    expect(text).toContain('port 4440 is in use');
    expect(text).not.toContain('next start');
    expect(text).not.toContain('webhook');
  });

  it('is a real push where the images are real, with the place of the webhooks', () => {
    const text = welcome({
      url: 'http://127.0.0.1:1/',
      program,
      repo: 'config',
      kubectl: '.windlass/kubectl',
      kubeconfig: '.windlass/kubeconfig',
      dir: undefined,
      example: false,
      push: undefined,
      realImage: '127.0.0.1:5000/shop/web',
      webhook: { url: 'http://127.0.0.1:1/hooks/registry', token: '.windlass/registry-token' },
      ephemeral: false,
      portInUse: undefined,
      style,
    });
    expect(text).toContain('docker push 127.0.0.1:5000/shop/web:TAG\n');
    expect(text).toContain(
      'webhook     http://127.0.0.1:1/hooks/registry  (of a registry, with the token in .windlass/registry-token)',
    );
  });
});

describe('the page’s port', () => {
  it('is refused at once when it is in use, and the next of the list is taken where there is one', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    const { port } = other.address() as AddressInfo;
    await expect(openPage([port], process)).rejects.toMatchObject({ code: 'port-in-use' });
    const page = await openPage([port, 0], process);
    expect((await fetch(page.url)).status).toBe(503);
    page.show(
      async () => new Response('shown'),
      () => {},
    );
    expect(await (await fetch(page.url)).text()).toBe('shown');
    await page.stop();
    other.close();
  });
});

describe('a line of the terminal', () => {
  const notice = (kind: Notice['kind'], title: string): Notice => ({
    type: 'Notice',
    kind,
    at: now.toISOString(),
    title,
    lines: [],
  });
  const lines = announcer(style);

  it('tells a new incident, a changed one and a resolved one apart', () => {
    expect(lines.notice(notice('incident-opened', 'x is missing'))).toMatch(/ alert x is missing$/);
    expect(lines.notice(notice('incident-changed', 'x is missing'))).toMatch(/ again x is missing$/);
    const fixed = 'x is missing: resolved, converged by pull (open for 11 s)';
    expect(lines.notice(notice('incident-resolved', fixed))).toMatch(/ fixed x: converged by pull \(open for 11 s\)$/);
  });

  it('says what to do about a trouble', () => {
    expect(lines.trouble(now, 'bump', 'left alone\ncommit it')).toMatch(
      / retry could not bump: left alone\n {15}commit it$/,
    );
  });
});
