import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { RetryableError, UserError } from '../../lib/model/errors.ts';
import type { Incident } from '../../lib/model/incident.ts';
import type { Attributed, Notice, Report, WhoWanted } from '../../lib/model/messages.ts';
import type { WriteRequest } from '../../lib/model/who.ts';
import { askWho, questionOf } from '../../lib/report/ask-who.ts';
import { reportAttributed } from '../../lib/report/attribution.ts';
import { nextIncidents } from '../../lib/report/incidents.ts';
import { report } from '../../lib/report/report.ts';
import { openRecords } from './records.ts';
import { added, changed, check, missing, pull, time } from './reports.ts';

const ada = 'arn:aws:sts::111111111111:assumed-role/Developer/ada';
const request = (more: Partial<WriteRequest> = {}): WriteRequest => ({
  at: time(93),
  verb: 'patch',
  person: ada,
  userAgent: 'kubectl/v1.35.4 (linux/amd64)',
  sourceIp: '192.0.2.7',
  ...more,
});
const web = 'apps/Deployment/shop-prod/web';

describe('who is behind a drift', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let notices: Notice[];
  const deps = () => ({ records, notices: { send: async (notice: Notice) => void notices.push(notice) } });
  const work = (message: Report) => report(message, deps());
  const attributed = (incident: string, more: Partial<Attributed> = {}): Attributed => ({
    type: 'Attributed',
    run: 'run-1',
    at: time(700),
    cluster: 'prod',
    sync: 'shop-prod',
    incident,
    objects: [{ object: web, requests: [request()] }],
    ...more,
  });
  const opened = async () => {
    await work(check(100, [changed()]));
    return (await records.openIncidents('shop-prod'))[0]!;
  };

  beforeEach(async () => {
    ({ records, close } = await openRecords());
    notices = [];
  });
  afterEach(() => close());

  it('is added to the incident, written down, and told once', async () => {
    const { key } = await opened();
    await reportAttributed(attributed(key), deps());
    // The same answer once more, as of a question that was delivered twice.
    await reportAttributed(attributed(key, { run: 'run-2', at: time(760) }), deps());
    expect(notices.slice(1)).toMatchObject([
      {
        kind: 'incident-changed',
        incident: key,
        about: 'drift',
        at: time(700),
        title: `${web} was changed by kubectl-set: by ${ada}`,
        lines: [`${web}: patch by ${ada}, kubectl/v1.35.4 (linux/amd64), from 192.0.2.7, 2026-11-22T12:01:33Z`],
      },
    ]);
    const [open] = await records.openIncidents('shop-prod');
    expect(open?.who).toEqual(attributed(key).objects);
    expect(await records.incident(key)).toEqual(open);
    const about = await records.about(`incident:${key}`, { limit: 10 });
    expect(about.filter(({ kind }) => kind === 'drift-attributed')).toMatchObject([
      { at: time(700), actor: ada, result: 'ok', details: { who: attributed(key).objects } },
    ]);
  });

  it('stays with the incident when that changes and ends', async () => {
    const { key } = await opened();
    await reportAttributed(attributed(key), deps());
    await work(check(800, [changed('web', 'web:other')]));
    await work(check(900));
    expect(await records.incident(key)).toMatchObject({ resolvedAt: time(900), who: [{ object: web }] });
  });

  it('is added to an incident that a pull has ended long ago, and leaves it ended', async () => {
    await work(pull(100, 101, [changed()], { healed: true }));
    const [{ key }] = (await records.recentIncidents(1)) as [Incident];
    await reportAttributed(attributed(key), deps());
    expect(notices.map(({ kind }) => kind)).toEqual(['incident-opened', 'incident-resolved', 'incident-changed']);
    expect(await records.openIncidents('shop-prod')).toEqual([]);
    const kept = await records.incident(key);
    expect(kept).toMatchObject({ resolution: 'converged by pull', who: [{ object: web }] });
    expect(await records.lastIncident({ kind: 'drift', sync: 'shop-prod', object: web })).toEqual(kept);
  });

  it('names several, and does not say which of them', async () => {
    const { key } = await opened();
    const requests = [request(), request({ person: 'system:serviceaccount:ci:deploy', at: time(94) })];
    await reportAttributed(attributed(key, { objects: [{ object: web, requests }] }), deps());
    expect(notices[1]?.title).toContain(`perhaps by one of ${ada}, system:serviceaccount:ci:deploy`);
  });

  it('says that nobody is known, and why', async () => {
    const { key } = await opened();
    const objects = [{ object: web, requests: [], note: 'the audit log has no such request' }];
    await reportAttributed(attributed(key, { objects }), deps());
    expect(notices[1]).toMatchObject({
      title: `${web} was changed by kubectl-set: the audit log does not say who it was`,
      lines: [`${web}: the audit log has no such request`],
    });
    expect((await records.about(`incident:${key}`, { limit: 1 }))[0]?.actor).toBe('not recorded');
  });

  it('shows what a terminal would hide in what a client calls itself', async () => {
    const { key } = await opened();
    const requests = [request({ userAgent: 'kubectl\u001b[2J\u202e' })];
    await reportAttributed(attributed(key, { objects: [{ object: web, requests }] }), deps());
    expect(notices[1]?.lines.join()).toContain('kubectl\\u001b[2J\\u202e');
  });

  it('is nothing without its incident', async () => {
    await reportAttributed(attributed('no-such-incident'), deps());
    expect(notices).toEqual([]);
    expect(await records.timeline({ limit: 5 })).toEqual([]);
  });

  it('comes again when the incident changed meanwhile', async () => {
    const incident = await opened();
    await work(check(800, [changed('web', 'web:other')]));
    await expect(records.saveWho({ ...incident, who: [] })).rejects.toBeInstanceOf(RetryableError);
  });
});

describe('asking who is behind a drift', () => {
  const asking = async (message: Report, seenAt?: string, fail?: Error) => {
    const sent: WhoWanted[] = [];
    const warnings: string[] = [];
    const state = { sync: 'shop-prod', cluster: 'prod', health: [], errors: [], drifted: 0, unknown: [], seenAt };
    const { opened } = nextIncidents({ state, open: [], last: [] }, message);
    const send = async (wanted: WhoWanted) => {
      if (fail !== undefined) throw fail;
      sent.push(wanted);
    };
    const isWanted = async (cluster: string) => cluster === 'prod';
    await askWho(message, state, opened, { asks: { isWanted, send }, warn: (text) => void warnings.push(text) });
    return { sent, warnings };
  };

  it('asks for the tool and its time, between the last look and this one', async () => {
    const { sent } = await asking(check(100, [changed()]), time(40));
    expect(sent).toMatchObject([{ cluster: 'prod', sync: 'shop-prod', since: time(40), until: time(100) }]);
    expect(sent[0]?.objects).toEqual([
      { object: web, gone: false, untold: false, tools: [{ manager: 'kubectl-set', at: time(93) }] },
    ]);
  });

  it('asks for what a pull found and put right at once', async () => {
    const { sent } = await asking(pull(100, 101, [missing('settings')], { healed: true }));
    expect(sent[0]?.objects).toEqual([{ object: 'ConfigMap/shop-prod/settings', gone: true, untold: true, tools: [] }]);
    expect(sent[0]).not.toHaveProperty('since');
  });

  it('asks for no time that ends before it begins, where another look came first', async () => {
    const { sent } = await asking(pull(100, 110, [changed()], { healed: true }), time(115));
    expect(sent).toMatchObject([{ until: time(110) }]);
    expect(sent[0]).not.toHaveProperty('since');
  });

  it('asks once for many objects that drift together, and for no more than fifty of them', async () => {
    const drift = Array.from({ length: 60 }, (_, index) => missing(`c${index}`));
    const { sent } = await asking(check(100, drift));
    expect(sent).toHaveLength(1);
    expect(sent[0]?.objects).toHaveLength(50);
  });

  it('looks further back where people are told after a grace period', async () => {
    const { sent } = await asking({ ...check(5000, [changed()]), graceSeconds: 0 }, time(4990));
    expect(sent[0]?.since).toBe(time(4990));
    const { opened: found } = nextIncidents({ state: undefined, open: [], last: [] }, check(5000, [changed()]));
    const late: WhoWanted[] = [];
    const asks = { isWanted: async () => true, send: async (wanted: WhoWanted) => void late.push(wanted) };
    await askWho({ ...check(5000), graceSeconds: 600 }, undefined, found, { asks, warn: () => undefined });
    expect(late[0]?.since).toBe(time(5000 - 600 - 3600));
  });

  it('asks nothing of a cluster that does not want it, nor for other incidents', async () => {
    expect((await asking({ ...check(100, [changed()]), cluster: 'dev' })).sent).toEqual([]);
    expect((await asking(pull(0, 1, [], { result: 'failed' }))).sent).toEqual([]);
  });

  it('holds nothing up when it cannot ask', async () => {
    const refused = await asking(
      check(100, [changed()]),
      undefined,
      new UserError('no right to', { code: 'queue-access' }),
    );
    expect(refused.warnings.join()).toContain('no right to');
    const bug = asking(check(100, [changed()]), undefined, new TypeError('a bug'));
    await expect(bug).rejects.toThrow('a bug');
  });

  it('asks for any write where the tool is not known, and for none where nobody asked for the change', () => {
    const field = { path: 'spec.replicas' };
    const drift = (...fields: object[]) => ({ ...changed(), fields: fields.map((one) => ({ ...field, ...one })) });
    expect(questionOf(drift({ note: 'removed, by whom is not recorded' }))).toMatchObject([
      { untold: true, tools: [] },
    ]);
    expect(questionOf(drift({ manager: 'unknown tool' }))).toMatchObject([{ untold: true, tools: [] }]);
    expect(questionOf(drift({ note: 'by admission or defaulting' }))).toEqual([]);
    expect(questionOf(drift({ manager: 'k9s', time: 'long ago' }))).toMatchObject([{ tools: [{ manager: 'k9s' }] }]);
    expect(questionOf(added())).toMatchObject([{ untold: false, tools: [{ manager: 'kubectl-label' }] }]);
    const again = { ...drift(), reason: 'created again at 2026-11-22T12:00:00Z' };
    expect(questionOf(again)).toMatchObject([{ gone: true, untold: true }]);
  });
});
