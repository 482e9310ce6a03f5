import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDeliveries } from '../../lib/adapters/aws/delivery-store.ts';
import { isAudit } from '../../lib/adapters/aws/dynamo-items.ts';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import { type KeptKind, openSurveyStore } from '../../lib/adapters/aws/survey-store.ts';
import { openTableLease } from '../../lib/adapters/aws/table-lease.ts';
import { openToldStore } from '../../lib/adapters/aws/told-store.ts';
import { openTroubleStore } from '../../lib/adapters/aws/trouble-store.ts';
import { openRecords, tables } from '../report/records.ts';
import { allProps, listOf, templateOf } from './synth.ts';

const at = '2026-11-03T09:54:34.000Z';
const template = templateOf(allProps);

/** The partitions of the state table that a role may use. */
function granted(role: string): string[] {
  const keys = template
    .statementsOfRole(role)
    .flatMap(({ Condition }) => Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? []);
  return listOf(keys);
}

/** As IAM reads `*`. */
function matches(pattern: string, pk: string): boolean {
  return pattern.endsWith('*') ? pk.startsWith(pattern.slice(0, -1)) : pk === pattern;
}

describe('the partitions of the state table that a function may use', () => {
  let records: DynamoRecords;
  let client: DynamoDBClient;
  let close: () => Promise<void>;
  const asked = new Set<string>();
  beforeAll(async () => {
    ({ records, client, close } = await openRecords());
    client.middlewareStack.add(
      (next) => async (args) => {
        // As it goes over the wire, whichever call it is.
        const input = args.input as Record<string, Record<string, { S: string } | string> | undefined>;
        const pk = input['Item']?.['pk'] ?? input['Key']?.['pk'] ?? input['ExpressionAttributeValues']?.[':pk'];
        asked.add(typeof pk === 'string' ? pk : pk!.S);
        return await next(args);
      },
      { step: 'serialize', priority: 'low' },
    );
  });
  afterAll(() => close());

  const table = tables.state;
  const keep = async (kind: KeptKind) => {
    const store = openSurveyStore(client, { table, kind });
    await store.save('github/acme/shop-config/main', new Uint8Array(800_000));
    await store.load('github/acme/shop-config/main');
  };
  const incident = {
    key: `${at}#1`,
    kind: 'drift',
    title: 'web',
    openedAt: at,
    changedAt: at,
    contentHash: 'a',
  } as const;
  /** All that the stores do which a function is wired with. */
  const work: Record<string, () => Promise<unknown>> = {
    Bump: async () => {
      await keep('survey');
      await records.saveImages([
        { policy: 'web', repository: 'shop/web', rule: 'semver >=1.0.0', current: [], holds: [], at },
      ]);
      await records.saveRecordedUpTo('main', 'a'.repeat(40));
      await records.recordedUpTo('main');
      const troubles = openTroubleStore(client, { table });
      await troubles.saveTrouble('branch:main', 'away');
      await troubles.saveTrouble('branch:main', undefined);
      await troubles.troubles();
    },
    Report: async () => {
      await keep('windlass-file');
      await records.saveSyncState({
        ...{ sync: 'shop', cluster: 'prod' },
        health: [],
        errors: [],
        drifted: 0,
        unknown: [],
      });
      await records.syncs();
      const limits = { puller: 1, checker: 1, held: 1 };
      await records.saveClusterState({
        ...{ cluster: 'prod', checkedAt: at, syncs: [], objects: 0, limits, blindChecks: 0, stopped: [] },
      });
      await records.clusterState('prod');
      await records.saveIncident(incident);
      await records.openIncidents();
      await records.saveIncident({ ...incident, resolvedAt: at });
      await records.lastIncident(incident);
      const told = openToldStore(client, { table });
      await told.saveSync({ sync: 'shop', at, revision: 'a' });
      const environment = { environment: 'prod', revision: 'a', openedAt: at, opener: 'shop' };
      await told.saveEnvironment({ ...environment, syncs: {}, superseded: [], past: [] }, 0);
    },
    Notify: async () => {
      await keep('windlass-file');
      const deliveries = openDeliveries(client, { table });
      await deliveries.save({ story: 'a', notice: 'b', destination: 'c', at, result: 'sent' });
      await deliveries.of('a');
    },
    Who: () => keep('windlass-file'),
    Drift: async () => {
      await keep('windlass-file');
      const now = () => new Date(at);
      const release = await openTableLease(client, { table, name: 'drift', now }).take(new Date(Date.parse(at) + 1000));
      await release?.();
    },
  };

  it.each(Object.keys(work))('are those of %s, each of which it uses', async (name) => {
    asked.clear();
    await work[name]!();
    const used = [...asked].filter((pk) => !isAudit(pk));
    const patterns = granted(`Windlass${name}Role`);
    expect(used.filter((pk) => !patterns.some((pattern) => matches(pattern, pk)))).toEqual([]);
    expect(patterns.filter((pattern) => !used.some((pk) => matches(pattern, pk)))).toEqual([]);
  });

  it('of what bump knows of the branch are its own: nobody else hides markers from it', () => {
    for (const role of [
      'WindlassReportRole',
      'WindlassNotifyRole',
      'WindlassDriftRole',
      'WindlassDriftvpc',
      'WindlassWhoRole',
    ])
      expect(granted(role).some((pattern) => matches(pattern, 'survey#github/acme/shop-config/main'))).toBe(false);
  });

  it('of a check are not those that others believe', () => {
    for (const role of ['WindlassDriftRole', 'WindlassDriftvpc', 'WindlassWhoRole'])
      for (const pk of ['state#sync', 'state#cluster', 'incident', 'incident-open', 'delivery#a', 'told#sync'])
        expect(granted(role).some((pattern) => matches(pattern, pk))).toBe(false);
  });
});
