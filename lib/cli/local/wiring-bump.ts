import { randomUUID } from 'node:crypto';
import { bumpOnPush } from '../../../functions/bump-on-push.ts';
import type { GitConfigRepo } from '../../adapters/git/config-repo.ts';
import { createQueue } from '../../adapters/local/queue.ts';
import type { LocalRegistry } from '../../adapters/local/registry.ts';
import { sweep } from '../../bump/bump.ts';
import type { BumpPorts } from '../../bump/ports.ts';
import { pushEvent } from '../../bump/push-event.ts';
import type { AuditRecord } from '../../model/audit-record.ts';
import type { Io } from '../command.ts';
import { ecrParts } from './pushes.ts';
import { sleep } from './sleep.ts';
import type { Teller } from './teller.ts';
import type { Closers, Parts } from './wiring-parts.ts';

/** Bump, as it runs in this process. */
export interface BumpSide {
  /** Stands for the push of an image: into the registry, and as ECR's event into the queue. */
  push(image: string, tag: string): Promise<void>;
  /** Looks at all policies without an event. */
  sweep(): Promise<void>;
}

/** Puts bump behind its queue and its handler. `committed` is called after each commit. */
export function wireBump(
  { records, url, branch }: Parts,
  { repo, registry }: { repo: GitConfigRepo; registry: LocalRegistry },
  io: Io,
  teller: Teller,
  closers: Closers,
  signal: AbortSignal,
  committed: () => void,
): BumpSide {
  const ports: BumpPorts = {
    repo,
    registry,
    records: {
      append: async (facts) => {
        await records.append(facts);
        for (const { id, kind, summary } of facts) if (kind === 'bump-failed') teller.failed('bump', summary, id);
        for (const [reason, policies] of skippedBy(facts))
          teller.print(teller.lines.skipped(io.now(), policies, reason));
      },
      saveImages: (images) => records.saveImages(images),
      announce: async (message) => {
        teller.print(teller.lines.bumped(message));
        committed();
      },
    },
    sleep: (milliseconds) => sleep(milliseconds, signal),
    random: Math.random,
  };
  const queue = createQueue({
    name: 'windlass-pushes',
    handler: bumpOnPush({ ...ports, now: io.now }),
    onDeadLetter: (letter) => teller.failed('answer a push', letter.error ?? 'it failed three times'),
  });
  closers.push(() => queue.stop());
  const sweepAll = async () => {
    try {
      const { failure } = await sweep({ now: io.now() }, ports);
      // A broken windlass.yaml has its own incident.
      if (failure !== undefined && failure.code !== 'config-invalid') teller.failed('bump', failure.message);
    } catch (error) {
      teller.failed('sweep the image policies', error);
    }
    teller.changes.changed();
  };
  return {
    sweep: sweepAll,
    push: async (image, tag) => {
      const at = io.now();
      const { digest } = await registry.push(image, tag, at);
      const ecr = ecrParts(image);
      // Other registries send no such event; the sweep is what finds their pushes on AWS, too.
      if (ecr === undefined) return await sweepAll();
      const event = pushEvent({ ...ecr, id: randomUUID(), at, tag, digest });
      await queue.send(JSON.stringify(event), { groupId: `${url}#${branch}` });
      void queue.drain().then(() => teller.changes.changed());
    },
  };
}

/** The image policies that pushes left as they are, by the reason. */
function skippedBy(facts: readonly AuditRecord[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const { kind, subjects, details } of facts) {
    const reason = details?.['reason'];
    if (kind !== 'bump-skipped' || typeof reason !== 'string') continue;
    const policies = subjects.flatMap((subject) => (subject.startsWith('image:') ? [subject.slice(6)] : []));
    found.set(reason, [...new Set([...(found.get(reason) ?? []), ...policies])]);
  }
  return found;
}
