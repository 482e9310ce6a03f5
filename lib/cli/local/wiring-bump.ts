import { randomUUID } from 'node:crypto';
import { bumpOnPush } from '../../../functions/handlers/bump-on-push.ts';
import type { GitConfigRepo } from '../../adapters/git/config-repo.ts';
import { createQueue } from '../../adapters/local/queue.ts';
import type { LocalRegistry } from '../../adapters/local/registry.ts';
import { sweep } from '../../bump/bump.ts';
import { imageNotified, type NotifiedPush } from '../../bump/distribution-event.ts';
import type { BumpPorts } from '../../bump/ports.ts';
import { pushEvent } from '../../bump/push-event.ts';
import { registryEvent } from '../../bump/registry-event.ts';
import { ecrRepository } from '../../model/ecr.ts';
import { UserError } from '../../model/errors.ts';
import type { RollbackWanted } from '../../model/messages.ts';
import type { ImageState } from '../../model/state.ts';
import type { Notices } from '../../report/ports.ts';
import type { Io } from '../command.ts';
import { bumpLines } from './bump-lines.ts';
import type { Closers } from './closers.ts';
import { createDebt } from './debt.ts';
import { sleep } from './sleep.ts';
import { splitRegistry } from './split-registry.ts';
import type { Teller } from './teller.ts';
import type { Parts } from './wiring-parts.ts';
import type { RealRegistries } from './wiring-registries.ts';

/** Bump, as it runs in this process. */
export interface BumpSide {
  /** Stands for the push of an image: into the registry, and as ECR's event into the queue. Throws `UserError` for an image of a real registry. */
  push(image: string, tag: string): Promise<void>;
  /** A webhook told of a push to a real registry: queued, to be looked at. */
  notified(push: NotifiedPush): Promise<void>;
  /** A sync did not become healthy: queued, to be answered by a rollback. */
  rollBack(wanted: RollbackWanted): Promise<void>;
  /** Looks at all policies without an event; `by`: the clock, or because the head moved. */
  sweep(by: SweptBy): Promise<void>;
}

/** `again`: because something was left undone. */
type SweptBy = 'clock' | 'head' | 'again';

/** Milliseconds until what a person has to mend in their worktree is looked at again. */
const usualPause = 30_000;

/** What bump stands on in this process. */
export interface BumpBase {
  repo: GitConfigRepo;
  registry: LocalRegistry;
  real: RealRegistries;
  /** Images of windlass.yaml. */
  images(): string[];
  /** Milliseconds until what could not be done is tried again; half a minute unless told. */
  pause?: number;
}

/** Puts bump, and the rollbacks that nobody asks for, behind one queue and handler. `committed` is called after each commit. */
export function wireBump(
  { records, repo: { url, branch, howToMerge } }: Parts,
  { repo, registry, real, images, pause = usualPause }: BumpBase,
  io: Io,
  teller: Teller,
  notices: Notices,
  closers: Closers,
  signal: AbortSignal,
  committed: () => void,
): BumpSide {
  const lines = bumpLines(teller, io.now, howToMerge);
  const ports: BumpPorts = {
    repo,
    registry: splitRegistry(real.has, real.registry, registry),
    records: {
      append: async (facts) => {
        await records.append(facts);
        lines.recorded(facts);
        if (facts.some(({ kind, details }) => kind === 'bump-failed' && passesByItself(details?.['code']))) debt.owe();
      },
      recordedUpTo: (name) => records.recordedUpTo(name),
      saveRecordedUpTo: (name, revision) => records.saveRecordedUpTo(name, revision),
      saveImages: async (states) => {
        await records.saveImages(states);
        lines.stand(states);
      },
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
    handler: bumpOnPush({
      ...{ ...ports, repo, now: io.now },
      rollbackNotices: {
        send: async (notice) => {
          if (notice.kind === 'rolled-back') committed();
          await notices.send(notice);
        },
      },
    }),
    onDeadLetter: (letter) => {
      teller.failed('answer a push or a wish to roll back', letter.error ?? 'it failed three times');
      debt.owe();
    },
  });
  closers.push(() => queue.stop());
  const send = async (event: object, deduplicationId?: string) => {
    const id = deduplicationId === undefined ? {} : { deduplicationId };
    await queue.send(JSON.stringify(event), { groupId: `${url}#${branch}`, ...id });
    void queue.drain().then(() => teller.changes.changed());
  };
  const sweepAll = async (by: SweptBy) => {
    try {
      // The images are told of when it is known what failed, so that one failure is told in one form.
      let states: readonly ImageState[] = [];
      const saveImages: BumpPorts['records']['saveImages'] = async (saved) => {
        await records.saveImages(saved);
        states = saved;
      };
      const result = await sweep({ now: io.now() }, { ...ports, records: { ...ports.records, saveImages } });
      const { failure } = result;
      lines.stand(states, failure?.message);
      // A broken windlass.yaml has its own incident; what is tried again is told already.
      const isKnown = failure?.code === 'config-invalid' || (debt.isOwed() && passesByItself(failure?.code));
      if (failure !== undefined && !isKnown) teller.failed('bump', failure.message);
      if (by === 'clock' && !debt.isOwed()) lines.swept(result);
      if (passesByItself(failure?.code)) debt.owe();
      else if (failure === undefined) debt.paid();
    } catch (error) {
      teller.failed('sweep the image policies', error);
    }
    teller.changes.changed();
  };
  const debt = createDebt(
    () => sweepAll('again'),
    () => sleep(pause, signal),
    signal,
  );
  return {
    sweep: sweepAll,
    rollBack: (wanted) => send(wanted),
    push: async (image, tag) => {
      if (real.has(image)) throw notHere(image, tag);
      const at = io.now();
      const { digest } = await registry.push(image, tag, at);
      const ecr = ecrRepository(image);
      // Other registries send no such event; the sweep is what finds their pushes on AWS, too.
      if (ecr === undefined) return await sweepAll('head');
      const { account, region, name } = ecr;
      await send(pushEvent({ id: randomUUID(), at, account, region, repository: name, tag, digest }));
    },
    notified: async ({ host = real.hosts[0], path, ...push }) => {
      const repository = imageNotified({ host, path }, images(), real.hosts) ?? `${host}/${path}`;
      // A registry that got no answer sends its event again.
      await send(registryEvent({ ...push, repository }), push.id);
    },
  };
}

/** What ends without an event that would tell: a person commits or stashes what is in the worktree. */
function passesByItself(code: unknown): boolean {
  return code === 'worktree-dirty';
}

function notHere(image: string, tag: string): UserError {
  return new UserError(`${image} is in a registry of its own: push a real image there (docker push ${image}:${tag})`, {
    code: 'real-registry',
    subject: image,
  });
}
