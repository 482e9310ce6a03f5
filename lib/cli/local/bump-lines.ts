import type { BumpResult } from '../../bump/bump.ts';
import { proposalPrefix } from '../../bump/ports.ts';
import type { AuditRecord } from '../../model/audit-record.ts';
import type { ImageState } from '../../model/state.ts';
import type { Teller } from './teller.ts';

/** What bump tells the terminal, beside its commits. */
export interface BumpLines {
  /** To be called with what bump records, before the states of its images. */
  recorded(records: readonly AuditRecord[]): void;
  /** To be called with the states of the images that a bump looked at; what waits because of `failure` is left to whoever tells that. */
  stand(images: readonly ImageState[], failure?: string): void;
  /** To be called with what a sweep by the clock came to. */
  swept(result: Pick<BumpResult, 'bumped' | 'proposals'>): void;
}

/** How many proposals and images are remembered; the oldest is forgotten first, and told again. */
const mostRemembered = 10_000;

/** Makes the lines of one loop. `howToMerge` says what a person does with the branch of a proposal. */
export function bumpLines(teller: Teller, now: () => Date, howToMerge: (branch: string) => string): BumpLines {
  const { lines, print } = teller;
  /** Records of proposals: a sweep gives those that stand once more. */
  const proposals = new Set<string>();
  /** What each policy waits for, as far as it was told. */
  const told = new Map<string, string>();
  /** Policies that the records of the bump at hand told of. */
  const fresh = new Set<string>();

  const tellProposal = (record: AuditRecord) => {
    if (proposals.has(record.id)) return;
    remember(proposals, record.id);
    const group = record.details?.['group'];
    const branch =
      record.kind === 'bump-proposed' && typeof group === 'string' ? `${proposalPrefix}${group}` : undefined;
    print(lines.proposed(record.at, record.summary, branch === undefined ? undefined : howToMerge(branch)));
  };

  return {
    recorded: (records) => {
      for (const record of records) {
        if (record.kind === 'bump-failed') teller.failed('bump', record.summary, record.id);
        if (record.kind === 'bump-proposed' || record.kind === 'bump-withdrawn') tellProposal(record);
        if (record.kind === 'bump-proposed' || record.kind === 'bump-skipped' || record.kind === 'bump-failed')
          for (const policy of policiesOf(record)) fresh.add(policy);
      }
      for (const waits of [false, true]) {
        const skipped = records.filter(
          (one) => one.kind === 'bump-skipped' && (one.details?.['waits'] === true) === waits,
        );
        for (const [reason, policies] of byReason(skipped)) print(lines.skipped(now(), policies, reason, waits));
      }
    },
    stand: (images, failure) => {
      const isToldOf = ({ policy, waiting }: ImageState) =>
        fresh.has(policy) || told.get(policy) === waiting || (failure !== undefined && waiting?.includes(failure));
      const news = images.filter((image) => image.waiting !== undefined && !isToldOf(image));
      for (const [reason, group] of Map.groupBy(news, ({ waiting }) => waiting!))
        print(
          lines.skipped(
            now(),
            group.map(({ policy }) => policy),
            reason,
            true,
          ),
        );
      for (const { policy, waiting } of images) {
        if (waiting === undefined) told.delete(policy);
        else told.set(policy, waiting);
        fresh.delete(policy);
      }
    },
    swept: ({ bumped, proposals: looked }) => {
      const proposed = looked.filter(({ act }) => act === 'propose').flatMap(({ changes }) => changes);
      const found = new Set([...(bumped?.images ?? []), ...proposed].map(({ policy }) => policy));
      if (found.size > 0) print(lines.foundBySweep(now(), [...found]));
    },
  };
}

function remember(ids: Set<string>, id: string): void {
  ids.add(id);
  const [oldest] = ids;
  if (ids.size > mostRemembered && oldest !== undefined) ids.delete(oldest);
}

function policiesOf({ subjects }: AuditRecord): string[] {
  return subjects.flatMap((subject) => (subject.startsWith('image:') ? [subject.slice(6)] : []));
}

/** The image policies that stay as they are, by the reason. */
function byReason(records: readonly AuditRecord[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const record of records) {
    const reason = record.details?.['reason'];
    if (typeof reason === 'string')
      found.set(reason, [...new Set([...(found.get(reason) ?? []), ...policiesOf(record)])]);
  }
  return found;
}
