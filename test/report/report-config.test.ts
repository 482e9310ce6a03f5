import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DynamoRecords } from '../../lib/adapters/aws/dynamo-records.ts';
import type { Problem } from '../../lib/model/errors.ts';
import type { Notice } from '../../lib/model/messages.ts';
import { reportConfig } from '../../lib/report/report-config.ts';
import { openRecords } from './records.ts';
import { time } from './reports.ts';

const broken: Problem = {
  code: 'unknown-key',
  message: 'there is no key "imags"',
  file: 'windlass.yaml',
  line: 2,
  column: 1,
  source: 'imags:',
};

describe('reports of windlass.yaml', () => {
  let records: DynamoRecords;
  let close: () => Promise<void>;
  let notices: Notice[];
  const send = (at: number, revision: string, problems: Problem[]) =>
    reportConfig(
      { type: 'ConfigReported', at: time(at), revision, problems },
      { records, notices: { send: async (notice) => void notices.push(notice) } },
    );

  beforeEach(async () => {
    ({ records, close } = await openRecords());
    notices = [];
  });
  afterEach(() => close());

  it('say nothing while the file is in use', async () => {
    await send(1, 'a', []);
    await send(2, 'b', []);
    expect(notices).toEqual([]);
    expect(await records.timeline({ limit: 10 })).toEqual([]);
  });

  it('open one incident when it breaks, with file, line and caret, and resolve it when it is mended', async () => {
    await send(1, 'a', []);
    await send(2, 'b', [broken]);
    await send(3, 'b', [broken]);
    expect(notices.map(({ kind }) => kind)).toEqual(['incident-opened']);
    expect(notices[0]!.lines).toEqual(['windlass.yaml:2:1: there is no key "imags"', '  | imags:', '  | ^']);
    await send(4, 'c', []);
    expect(notices.map(({ kind }) => kind)).toEqual(['incident-opened', 'incident-resolved']);
    expect(await records.openIncidents()).toEqual([]);
    expect(await records.recentIncidents(5)).toMatchObject([
      { kind: 'config-invalid', openedAt: time(2), resolvedAt: time(4), resolution: 'mended in Git' },
    ]);
    const kinds = (await records.timeline({ limit: 10 })).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['incident-opened', 'incident-resolved']);
  });

  it('change the incident when something else is broken', async () => {
    await send(2, 'b', [broken]);
    await send(3, 'c', [broken, { ...broken, line: 3 }]);
    expect(notices.map(({ kind }) => kind)).toEqual(['incident-opened', 'incident-changed']);
    expect(await records.openIncidents()).toHaveLength(1);
  });

  it('do not open it again when an old message comes late', async () => {
    await send(2, 'b', [broken]);
    await send(4, 'c', []);
    await send(2, 'b', [broken]);
    await send(3, 'b', [broken]);
    expect(await records.openIncidents()).toEqual([]);
    expect(notices).toHaveLength(2);
  });
});
