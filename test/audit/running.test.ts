import { describe, expect, it } from 'vitest';
import type { PageOfRecords } from '../../lib/audit/ports.ts';
import { whereRunning } from '../../lib/audit/running.ts';
import { type AuditRecord, recordId } from '../../lib/model/audit-record.ts';
import { bumpedRecords } from '../../lib/model/bump-story.ts';
import type { SyncState } from '../../lib/model/state.ts';
import { time } from '../report/reports.ts';

const repository = 'ghcr.io/acme/web';
const ref = `${repository}:1.5.0`;
const digest = `sha256:${'b'.repeat(64)}`;

describe('where an image runs', () => {
  it('is known of a tag that so many syncs run that its bump is far behind', async () => {
    const syncs = Array.from({ length: 150 }, (_, index) => `shop-${index}`);
    const story = { policy: 'web', repository, from: [], to: '1.5.0', digest };
    const told: AuditRecord[] = [
      ...bumpedRecords({ images: [story], events: ['e-1'] }, 'bbbb', time(5)),
      ...syncs.map((sync, index): AuditRecord => {
        const about = {
          kind: 'image-running' as const,
          actor: 'windlass pull',
          subjects: [`ref:${ref}`, `digest:${digest}`],
        };
        return { ...about, id: recordId(sync), at: time(10 + index), result: 'ok', summary: sync, details: { digest } };
      }),
    ].reverse();
    const about = async (_: string, { before = '~', limit }: PageOfRecords) =>
      told.filter(({ at, id }) => `${at}#${id}` < before).slice(0, limit);
    const states = syncs.map(
      (sync): SyncState => ({
        ...{ sync, cluster: 'prod', health: [], errors: [], drifted: 0, unknown: [] },
        images: [{ ref, since: time(10) }],
      }),
    );
    const { syncs: running } = await whereRunning({ digest }, { about, syncs: async () => states });
    expect(running).toHaveLength(syncs.length);
  });
});
