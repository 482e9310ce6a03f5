import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../lib/adapters/local/control-plane/free-port.ts';
import { openSlack } from '../../lib/adapters/slack/slack.ts';
import type { Slack } from '../../lib/notify/ports.ts';
import { openingOf, resolvedMessage, slackMessage } from '../../lib/notify/render-slack.ts';
import { notice } from '../notify/notices.ts';
import { describeWithStandins } from '../standins/describe.ts';
import { standinPackages } from '../standins/packages.ts';

/** The little of the package that is used. */
interface EmulatePackage {
  createEmulator(options: object): Promise<{ close(): Promise<void> }>;
}

interface Message {
  ts: string;
  text: string;
  blocks: unknown[];
  thread_ts?: string;
  edited?: object;
}

const token = 'xoxb-1-of-the-test';
const to = { channel: 'oncall', secret: 'bot' };
const opened = notice('opened', 'drift', { title: 'a <b> & c was changed' });
const resolved = notice('resolved', 'drift');

/** A Slack that others wrote. It holds no limits of blocks, knows no `thread_not_found` and has no rate limits: those are our own stand-in's. */
describeWithStandins('Slack by emulate', () => {
  let url: string;
  let close: () => Promise<void>;
  let slack: Slack;

  beforeAll(async () => {
    const { createEmulator } = await (await standinPackages()).load<EmulatePackage>('emulate/dist/api.js');
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const users = [{ name: 'windlass', real_name: 'Windlass', email: 'windlass@example.com' }];
    const seed = {
      tokens: { [token]: { login: 'windlass', scopes: ['chat:write'] } },
      slack: { team: { name: 'Acme', domain: 'acme' }, users, channels: [{ name: 'oncall' }] },
    };
    const emulator = await createEmulator({ service: 'slack', port, hostname: '127.0.0.1', baseUrl: url, seed });
    close = () => emulator.close();
    const secrets: Record<string, string> = { bot: token, hook: `${url}/services/T000000001/B000000001/X000000001` };
    const readSecret = async (name: string) => secrets[name] ?? 'xoxb-0-of-nobody';
    slack = openSlack({ readSecret, api: `${url}/api/`, hookHosts: [`127.0.0.1:${port}`] });
  });
  afterAll(() => close?.());

  const ask = async (method: string, body: object): Promise<{ messages: Message[] }> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=utf-8' };
    const response = await fetch(`${url}/api/${method}`, { method: 'POST', headers, body: JSON.stringify(body) });
    return (await response.json()) as { messages: Message[] };
  };

  it('has the incident in a thread, and its end in the first message', async () => {
    const posted = await slack.post(to, slackMessage(opened));
    await slack.post(to, slackMessage(resolved), posted);
    const last = resolvedMessage(resolved, openingOf(opened));
    expect(await slack.update(to, last, posted!)).toBe(true);
    const { messages } = await ask('conversations.replies', { channel: posted!.channel, ts: posted!.ts });
    const seen = messages.map(({ text, ts, thread_ts, edited }) => [text, thread_ts ?? ts, edited !== undefined]);
    expect(seen).toEqual([
      [last.text, posted!.ts, true],
      [slackMessage(resolved).text, posted!.ts, false],
    ]);
    expect(messages[0]!.blocks).toEqual(last.blocks);
  });

  it('has what a webhook posts', async () => {
    expect(await slack.post({ secret: 'hook' }, slackMessage(opened))).toBeUndefined();
  });

  it('refuses', async () => {
    const message = slackMessage(opened);
    const refusal = (code: string) => ({ name: 'UserError', code });
    await expect(slack.post({ ...to, channel: 'nowhere' }, message)).rejects.toMatchObject(
      refusal('slack-channel-not-found'),
    );
    const known = await slack.post(to, message);
    expect(await slack.update(to, message, { ...known!, ts: '1.000001' })).toBe(false);
  });
});
