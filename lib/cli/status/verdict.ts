import type { Incident } from '../../model/incident.ts';
import { fewOf } from '../../model/shorten.ts';
import type { GitLook } from './git-look.ts';
import type { ImageLine } from './image-standing.ts';
import type { SyncLine } from './sync-line.ts';

/** Whether all is well, in one word and one line: `bad` needs a person, `busy` comes right by itself or was wanted. */
export interface Verdict {
  is: 'good' | 'busy' | 'bad';
  text: string;
}

/** What the verdict is over. */
interface Judged {
  syncs: readonly SyncLine[];
  images: readonly Pick<ImageLine, 'image' | 'standing'>[];
  incidents: readonly Incident[];
  git: GitLook;
  clusters: readonly { cluster: string; troubles: readonly string[] }[];
}

/** The verdict over all syncs, images, clusters, incidents and Git. */
export function verdictOf(of: Judged): Verdict {
  const troubles = troublesOf(of);
  if (troubles.length > 0) return { is: 'bad', text: troubles.join(', ') };
  const { syncs, git } = of;
  if (syncs.length === 0) return { is: 'busy', text: 'no sync has been pulled yet' };
  const ways: [is: (line: SyncLine) => boolean, words: string][] = [
    [({ standing }) => standing === 'not pulled yet', 'not pulled yet'],
    [({ behind }) => behind, 'behind Git'],
    [({ standing }) => standing === 'rolling out', 'rolling out'],
    [({ standing }) => standing === 'suspended', 'suspended'],
  ];
  for (const [is, words] of ways) {
    const those = syncs.filter(is);
    if (those.length > 0) return { is: 'busy', text: `${namesOf(those)}: ${words}` };
  }
  if (git.look === undefined) return { is: 'busy', text: 'all that is recorded is well, but Git cannot be read' };
  return { is: 'good', text: 'all is well' };
}

function troublesOf({ syncs, images, incidents, git, clusters }: Judged): string[] {
  const of = (standing: SyncLine['standing']) => syncs.filter((line) => line.standing === standing);
  // People are told of it, and no incident is open.
  const failing = images.filter(({ standing }) => standing === 'failing').map(({ image }) => image);
  const drifted = syncs.reduce((sum, line) => sum + line.drifted, 0);
  return [
    ...(incidents.length > 0 ? [count(incidents.length, 'open incident')] : []),
    ...(git.broken ? ['windlass.yaml at the head is broken'] : []),
    ...stopsUnread(git),
    ...(of('failed').length > 0 ? [`${namesOf(of('failed'))} failed`] : []),
    ...(of('unhealthy').length > 0 ? [`${namesOf(of('unhealthy'))} unhealthy`] : []),
    ...(failing.length > 0 ? [`${fewOf(failing, 2)} failing`] : []),
    ...(incidents.length > 0
      ? []
      : clusters.flatMap(({ cluster, troubles }) => troubles.map((one) => `${cluster}: ${one}`))),
    ...(drifted > 0 && incidents.length === 0 ? [`${count(drifted, 'object')} drifted`] : []),
  ];
}

/** Holds and suspends that nobody can read stop what they may be about, or everything. */
function stopsUnread({ look }: GitLook): string[] {
  const files = new Set((look?.unreadable ?? []).flatMap(({ problems }) => problems.map(({ file }) => file ?? '?')));
  return files.size === 0 ? [] : [`${fewOf([...files], 2)} cannot be read`];
}

function namesOf(lines: readonly SyncLine[]): string {
  return lines.length > 2 ? count(lines.length, 'sync') : lines.map(({ sync }) => sync).join(' and ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
