import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LocalRecords, startRecords } from '../../../lib/adapters/local/records.ts';
import type { Io } from '../../../lib/cli/command.ts';
import type { Closers } from '../../../lib/cli/local/closers.ts';
import { createTeller } from '../../../lib/cli/local/teller.ts';
import { printNotices, wireNotify } from '../../../lib/cli/local/wiring-notify.ts';
import type { Parts } from '../../../lib/cli/local/wiring-parts.ts';
import { readConfig } from '../../../lib/config/windlass-file.ts';
import { waitFor } from '../../helpers/cluster.ts';
import { notice } from '../../notify/notices.ts';
import { type SlackStandIn, startSlack } from '../../standins/slack.ts';

const { config } = readConfig(
  'windlass: 1\nnotify: { routes: [{ slack: { channel: "#oncall", secret: slack-bot } }] }\n',
);
const opened = notice('opened', 'drift');
const resolved = notice('resolved', 'drift', { title: `${opened.title}: resolved` });

describe('notices of local mode', () => {
  let slack: SlackStandIn;
  let stored: LocalRecords;
  let dir: string;
  let printed: string;
  let closers: Closers;
  let env: Io['env'];

  beforeAll(async () => {
    process.env['POWERTOOLS_LOG_LEVEL'] = 'SILENT';
    slack = await startSlack();
  });
  afterAll(() => slack.close());
  beforeEach(async () => {
    stored = await startRecords({ onUnreadable: (error) => Promise.reject(error) });
    dir = await mkdtemp(join(tmpdir(), 'windlass-test-'));
    printed = '';
    closers = [];
    for (const list of [slack.posts, slack.requests, slack.faults]) list.length = 0;
    env = { WINDLASS_SLACK_API: slack.api, WINDLASS_SECRET_SLACK_BOT: slack.token };
  });
  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    const written = JSON.stringify([printed, await stored.records.timeline({ limit: 50 })]);
    expect(written).not.toMatch(/canary/i);
    await stored.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const tellerOf = () => createTeller({ env: {}, now: () => new Date(), stdout: { write: print } } as unknown as Io);
  const print = (text: string) => {
    printed += text;
  };
  const start = (times = { pause: 50, tries: 5 }) => {
    const parts = { heads: { config: () => config }, ...stored } as unknown as Parts;
    return wireNotify(parts, join(dir, 'notices'), { env, now: () => new Date() }, tellerOf(), closers, times);
  };
  const until = (what: string, is: () => boolean | Promise<boolean>) =>
    waitFor(async () => ((await is()) ? true : undefined), { what, everyMs: 20 });
  const left = () => readFile(join(dir, 'notices'), 'utf8').catch(() => '');

  it('are printed alone where nobody asked for more', async () => {
    await printNotices(tellerOf()).send(opened);
    expect(printed).toContain(opened.title);
    expect(slack.requests).toEqual([]);
  });

  it('are printed, and go to Slack by the routes, once each and in one thread', async () => {
    const notices = await start();
    for (const one of [opened, opened, resolved]) await notices.send(one);
    await until('both in Slack', async () => slack.posts.length === 2 && (await left()) === '');
    expect(slack.posts.map(({ thread, edited }) => [thread, edited])).toEqual([
      [undefined, true],
      [slack.posts[0]!.ts, false],
    ]);
    expect(printed).toContain(opened.title);
  });

  it('that were not sent when local mode ended are sent by the next start, and what was is not', async () => {
    slack.faults.push({ status: 503 });
    const first = await start({ pause: 600_000, tries: 5 });
    await first.send(opened);
    await until('the trouble', () => printed.includes('could not send to Slack'));
    for (const close of closers.splice(0).reverse()) await close();
    expect(slack.posts).toEqual([]);
    expect(await left()).toContain(opened.title);
    await start();
    await until('the notice of the run before', async () => slack.posts.length === 1 && (await left()) === '');
    // As if it had ended between the sending and the forgetting.
    for (const close of closers.splice(0).reverse()) await close();
    await writeFile(join(dir, 'notices'), `not JSON\n${JSON.stringify(opened)}\n`);
    await start();
    await until('an empty file', async () => (await left()) === '');
    expect(slack.posts).toHaveLength(1);
  });

  it('are tried again while Slack is away, told of once, and given up in the end', async () => {
    for (let tries = 0; tries < 9; tries++) slack.faults.push({ status: 503 });
    const notices = await start({ pause: 20, tries: 9 });
    await notices.send(opened);
    await until('the end of the tries', () => printed.includes('tried 9 times and is given up'));
    expect(printed.match(/could not send to Slack/g)).toHaveLength(1);
    await until('an empty file', async () => (await left()) === '');
    await notices.send(resolved);
    await until('what follows', () => slack.posts.length === 1);
  });

  it('that are refused are told with what to do, and written down', async () => {
    env = { ...env, WINDLASS_SECRET_SLACK_BOT: 'canary-of-something-else' };
    const notices = await start();
    await notices.send(opened);
    await until('the refusal', () => printed.includes('a notice was not sent'));
    expect(printed).toContain('store xoxb-');
    expect(slack.requests).toEqual([]);
    await until('an empty file', async () => (await left()) === '');
    expect(await stored.records.timeline({ limit: 5 })).toMatchObject([{ kind: 'notify-failed' }]);
  });

  it('say which variable is missing where there are no AWS settings either', async () => {
    const kept = { ...process.env };
    const none = {
      AWS_CONFIG_FILE: '/nowhere',
      AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    Object.assign(process.env, none);
    for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_PROFILE'])
      delete process.env[name];
    try {
      delete env['WINDLASS_SECRET_SLACK_BOT'];
      const notices = await start();
      await notices.send(opened);
      await until('the refusal', () => printed.includes('set WINDLASS_SECRET_SLACK_BOT'));
      expect(printed).toContain('the secret slack-bot is not known here');
    } finally {
      process.env = kept;
    }
  });

  it('go to no other Slack without TLS', async () => {
    for (const api of ['http://slack.example.com/api/', 'nonsense', 'https://slack.example.com/api']) {
      env = { WINDLASS_SLACK_API: api };
      await expect(start()).rejects.toThrow('WINDLASS_SLACK_API is not the address');
    }
  });
});
