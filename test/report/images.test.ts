import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { bumpedRecords } from '../../lib/model/bump-story.ts';
import { reportSchema } from '../../lib/model/messages-schema.ts';
import { rolledBackRecords } from '../../lib/model/rollback-story.ts';
import { mostImages } from '../../lib/model/running-images.ts';
import { report } from '../../lib/report/report.ts';
import { openRecords } from './records.ts';
import { changed, check, pull, time } from './reports.ts';

const repository = 'ghcr.io/acme/web';
const digest = (hex: string) => `sha256:${hex.repeat(64)}`;

describe('the images that a sync runs', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  const notices = { send: async () => undefined };
  const send = async (...reports: Parameters<typeof report>[0][]) => {
    for (const one of reports) await report(reportSchema.parse(one) as typeof one, { records, notices });
  };
  const told = async (subject: string) =>
    (await records.about(subject, { limit: 100 }))
      .filter(({ kind }) => kind.startsWith('image-'))
      .map(({ kind, at, summary }) => `${at} ${kind} ${summary}`)
      .sort();
  const runs = async () => (await records.syncState('shop-prod'))?.images;

  beforeEach(async () => {
    ({ records, close } = await openRecords());
  });
  afterEach(() => close());

  it('are told when they begin and when they cease, with the digest and policy that bump knew', async () => {
    const story = { policy: 'web', repository, from: ['1.4.0'], to: '1.5.0', digest: digest('b') };
    await records.append(bumpedRecords({ images: [story], events: ['e-1'] }, 'bbbb', time(5)));
    await send(
      pull(0, 1, [], { images: [`${repository}:1.4.0`, 'nginx'] }),
      pull(10, 11, [], { revision: 'bbbb', result: 'progressing', images: [`${repository}:1.5.0`, 'nginx'] }),
      pull(20, 21, [], { revision: 'bbbb', images: [`${repository}:1.5.0`, 'nginx'] }),
    );
    expect(await told('sync:shop-prod')).toEqual([
      `${time(1)} image-running shop-prod runs acme/web:1.4.0`,
      `${time(1)} image-running shop-prod runs nginx`,
      `${time(11)} image-left shop-prod no longer runs acme/web:1.4.0`,
      `${time(11)} image-running shop-prod runs acme/web:1.5.0 (then rolling out)`,
    ]);
    const [running] = (await records.about(`digest:${digest('b')}`, { limit: 10 })).filter(
      ({ kind }) => kind === 'image-running',
    );
    expect(running).toMatchObject({
      subjects: expect.arrayContaining(['image:web', 'revision:bbbb', 'run:pull-10', `ref:${repository}:1.5.0`]),
      details: { sync: 'shop-prod', cluster: 'prod', ref: `${repository}:1.5.0`, digest: digest('b') },
    });
    expect(await told(`ref:${repository}:1.4.0`)).toHaveLength(2);
    expect(await runs()).toEqual([
      { ref: `${repository}:1.5.0`, since: time(11) },
      { ref: 'nginx', since: time(1) },
    ]);
  });

  it('are those of before while a pull cannot apply everything, is late, or does not tell', async () => {
    const before = [`${repository}@${digest('a')}`];
    await send(pull(0, 1, [], { images: before }));
    const known = await runs();
    const late = { ...pull(-10, -9), images: ['nginx'] };
    await send(pull(10, 11, [], { result: 'failed', errors: [{ code: 'x', message: 'y' }] }), late);
    await send(pull(20, 21), check(30, [changed()]));
    expect(await runs()).toEqual(known);
    expect(await told('sync:shop-prod')).toHaveLength(1);
    expect(await told(`digest:${digest('a')}`)).toHaveLength(1);
  });

  it('are known by policy and digest in each of many syncs', async () => {
    const story = { policy: 'web', repository, from: ['1.4.0'], to: '1.5.0', digest: digest('b') };
    await records.append(bumpedRecords({ images: [story], events: ['e-1'] }, 'bbbb', time(5)));
    const syncs = Array.from({ length: 60 }, (_, index) => `shop-${index}`);
    for (const sync of syncs)
      await send(pull(10, 11, [], { sync, run: `pull-${sync}`, images: [`${repository}:1.5.0`] }));
    expect(await told('image:web')).toHaveLength(syncs.length);
    expect(await told(`digest:${digest('b')}`)).toHaveLength(syncs.length);
  });

  it('are known by policy after a rollback to what no bump brought', async () => {
    const image = { policy: 'web', repository, from: ['1.5.0'], to: ['1.4.0'] };
    const story = { target: 'image/web', images: [image], reverts: ['bbbb'], events: [], holds: [], who: 'Ada' };
    await records.append(rolledBackRecords(story, 'cccc', time(5)));
    await send(pull(10, 11, [], { images: [`${repository}:1.4.0`] }));
    expect(await told('image:web')).toContain(`${time(11)} image-running shop-prod runs acme/web:1.4.0`);
  });

  it('begin anew in another cluster, where the sync came to', async () => {
    const moved = { cluster: 'new', run: 'new-10', images: ['nginx'] };
    await send(pull(0, 1, [], { images: ['nginx', 'redis'] }), pull(10, 11, [], moved));
    expect(await runs()).toEqual([{ ref: 'nginx', since: time(11) }]);
    // What was applied in the old one stays there.
    expect((await told('sync:shop-prod')).slice(2)).toEqual([`${time(11)} image-running shop-prod runs nginx`]);
  });

  it('of a sync that ran before anybody told them say that it is not known since when', async () => {
    await send(pull(0, 1), pull(10, 11, [], { images: ['nginx'] }));
    expect(await told('sync:shop-prod')).toEqual([
      `${time(11)} image-running shop-prod runs nginx, since when is not known`,
    ]);
  });

  it('are told once, however often the report comes', async () => {
    const first = pull(0, 1, [], { images: ['nginx'] });
    await report(first, {
      notices,
      records: Object.assign(Object.create(records) as DynamoRecords, {
        saveSyncState: async () => Promise.reject(new Error('it ended here')),
        append: (all: Parameters<DynamoRecords['append']>[0]) => records.append(all),
        syncState: (sync: string) => records.syncState(sync),
        openIncidents: (sync?: string) => records.openIncidents(sync),
        clusterState: (cluster: string) => records.clusterState(cluster),
        bumpedImage: (subject: string) => records.bumpedImage(subject),
      }),
    }).catch((error: Error) => expect(error.message).toBe('it ended here'));
    await send(first, first);
    expect(await told('sync:shop-prod')).toHaveLength(1);
    expect(await runs()).toEqual([{ ref: 'nginx', since: time(1) }]);
  });

  it('say nothing of what a list that is full may have cut', async () => {
    const name = (index: number) => `image-${String(index).padStart(4, '0')}`;
    const all = Array.from({ length: mostImages }, (_, index) => name(index + 1));
    await send(pull(0, 1, [], { images: all }));
    await send(pull(10, 11, [], { images: [name(0), ...all.slice(0, -1)] }));
    const left = (await told('sync:shop-prod')).filter((line) => line.includes('image-left'));
    expect(left).toEqual([]);
    await send(pull(20, 21, [], { images: all.slice(5, 10) }));
    expect((await told('sync:shop-prod')).filter((line) => line.includes('image-left'))).not.toEqual([]);
    expect(await runs()).toHaveLength(5);
  });
});

describe('a cluster where something changes at each look', () => {
  it('leaves no record and no message for each check', async () => {
    const { records, close } = await openRecords();
    const notices: string[] = [];
    const send = { send: async ({ kind }: { kind: string }) => void notices.push(kind) };
    const minute = 60;
    for (let index = 0; index < 60 * 4; index++)
      await report(check(index * minute, [changed('web', `web:${index}`)]), { records, notices: send });
    const rows = await records.timeline({ limit: 1_000 });
    // Ten changes at first, then one an hour, each a drift-found and a step of the incident.
    expect(rows.length).toBeLessThanOrEqual(2 * (1 + 10 + 4));
    expect(notices.length).toBeLessThanOrEqual(1 + 10 + 4);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    await report(check(5 * 3_600, [changed('web', 'web:last')]), { records, notices: send });
    expect((await records.openIncidents())[0]?.drift?.fields[0]?.live).toBe('web:last');
    await close();
  });
});
