import { formatProblem, type Problem } from '../model/errors.ts';
import type { Incident } from '../model/incident.ts';
import type { Report } from '../model/messages.ts';
import type { SyncState } from '../model/state.ts';
import { type Content, contentHash, type Draft, inNamespaces } from './draft.ts';

interface Telling {
  title: (sync: string) => string;
  end: Incident['resolution'];
  /** What of a notice is news when it changes; by default all of it. */
  news?: (notice: Problem) => string;
}

/** What a pull kept from being done, or does not do any more: the kind of the incident, which is the notice's code, and how it is told and ended. */
const guarded = {
  'prune-waits': {
    title: (sync: string) => `${sync}: what left Git waits for an approval`,
    end: 'nothing waits any more',
  },
  'history-rewritten': {
    title: (sync: string) => `${sync}: the history of the branch was rewritten`,
    end: 'synced again',
  },
  fight: {
    title: (sync: string) => `${sync}: another writer keeps changing what Git says`,
    end: 'the other writer stopped',
    news: ({ object, message }: Problem) => `${object}: ${message}`,
  },
} as const satisfies Partial<Record<Incident['kind'], Telling>>;

/** Opens, changes and resolves the incidents of what waits for somebody's approval, or for another writer to stop. A pull that failed early says nothing about it. */
export function guardTransitions(draft: Draft, state: SyncState | undefined, report: Report): void {
  if (report.type !== 'SyncReported' || report.at <= (state?.pulledAt ?? '')) return;
  for (const [kind, telling] of Object.entries<Telling>(guarded)) {
    const { title, end, news = formatProblem } = telling;
    const about = { kind: kind as keyof typeof guarded, cluster: report.cluster, sync: report.sync };
    const notices = (report.notices ?? []).filter(({ code }) => code === kind);
    const open = draft.find(about);
    if (notices.length > 0) {
      const content: Content = {
        title: title(report.sync),
        details: notices.map(formatProblem),
        ...inNamespaces(notices.map(({ object }) => object)),
        contentHash: contentHash(notices.map(news).sort()),
      };
      draft.tell(about, content, report.at);
    } else if (open !== undefined && report.result !== 'failed') draft.resolve(open, end, report.at);
  }
}
