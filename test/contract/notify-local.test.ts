import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LocalRecords, startRecords } from '../../lib/adapters/local/records.ts';
import type { Io } from '../../lib/cli/command.ts';
import type { Closers } from '../../lib/cli/local/closers.ts';
import { createTeller } from '../../lib/cli/local/teller.ts';
import { wireNotify } from '../../lib/cli/local/wiring-notify.ts';
import type { Parts } from '../../lib/cli/local/wiring-parts.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { waitFor } from '../helpers/cluster.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';
import { notice } from '../notify/notices.ts';
import { type SlackStandIn, startSlack } from '../standins/slack.ts';

const { config } = readConfig(`windlass: 1
notify:
  routes:
    - { on: [drift], slack: { channel: "#oncall", secret: slack-bot } }
    - { on: [unhealthy], sns: deploys }
`);

await describeWithMiniStack('local mode with the AWS settings of this machine', () => {
  let aws: MiniStack;
  let slack: SlackStandIn;
  let stored: LocalRecords;
  let dir: string;
  let printed = '';
  const closers: Closers = [];
  const kept = { ...process.env };

  beforeAll(async () => {
    [aws, slack] = await Promise.all([startMiniStack(), startSlack()]);
    const { endpoint, region, credentials } = aws;
    const manager = new SecretsManagerClient({ endpoint, region, credentials });
    await manager.send(new CreateSecretCommand({ Name: 'slack-bot', SecretString: slack.token }));
    manager.destroy();
    const keys = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', POWERTOOLS_LOG_LEVEL: 'SILENT' };
    // No profile of whoever runs the test.
    const none = { AWS_CONFIG_FILE: '/nowhere', AWS_SHARED_CREDENTIALS_FILE: '/nowhere' };
    Object.assign(process.env, keys, none, { AWS_REGION: region, AWS_ENDPOINT_URL: endpoint });
    delete process.env['AWS_ACCOUNT_ID'];
    stored = await startRecords({ onUnreadable: () => {} });
    dir = await mkdtemp(join(tmpdir(), 'windlass-test-'));
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
    process.env = kept;
    await Promise.all([stored?.stop(), slack?.close(), aws?.stop()]);
    if (dir !== undefined) await rm(dir, { recursive: true, force: true });
  });

  it('finds the secret in Secrets Manager, and says what is missing for a topic by its name', async () => {
    const write = (text: string) => {
      printed += text;
    };
    const teller = createTeller({ env: {}, now: () => new Date(), stdout: { write } } as unknown as Io);
    const parts = { heads: { config: () => config }, ...stored } as unknown as Parts;
    const io = { env: { WINDLASS_SLACK_API: slack.api }, now: () => new Date() };
    const notices = await wireNotify(parts, join(dir, 'notices'), io, teller, closers);
    await notices.send(notice('opened', 'drift'));
    await waitFor(async () => (slack.posts.length === 1 ? true : undefined), { what: 'the message in Slack' });
    await notices.send(notice('opened', 'unhealthy'));
    await waitFor(async () => (printed.includes('set AWS_ACCOUNT_ID') ? true : undefined), { what: 'the refusal' });
    expect(printed).toContain('the AWS account of the topic deploys is not known here');
    expect(printed).not.toContain(slack.token);
  });
});
