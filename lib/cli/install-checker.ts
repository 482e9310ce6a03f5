import {
  type CheckerSubject,
  checkerGroup,
  checkerManifests,
  readSubject,
  type ServedGroup,
} from '../install/checker.ts';
import { UserError } from '../model/errors.ts';
import type { Head } from '../pull/head.ts';
import type { Renderer } from '../pull/ports.ts';
import type { PlannedChecker } from './apply-checker.ts';
import type { Args, Option } from './command.ts';
import { clusterNamed, renderSyncs } from './installation.ts';
import { declaredBy } from './installed-already.ts';

/** The options that `--checker` goes with. */
const meant = ['repo', 'branch', 'cluster', 'kubeconfig', 'context', 'checker', 'subject', 'print', 'yes'];

/** Throws `UserError` for options that are about the puller, and subjects that are none. */
export function checkCheckerOptions(args: Args, options: Readonly<Record<string, Option>>): void {
  const given = ([name, { type, multiple }]: [string, Option]) =>
    type === 'boolean' ? args.flag(name) : multiple ? args.list(name).length > 0 : args.text(name) !== undefined;
  const wrong = Object.entries(options).filter((option) => !meant.includes(option[0]) && given(option));
  if (wrong.length > 0) {
    const names = wrong.map(([name]) => `--${name}`).join(', ');
    throw new UserError(`${names}: it is about the puller, so leave it out with --checker`, { code: 'usage' });
  }
  subjectsOf(args);
}

/** A cluster that says which groups it has. */
interface Served {
  served(): Promise<{ groups: ServedGroup[]; unread: string[] }>;
}

/** What the scheduled check is given in a cluster, and what to tell about it. */
export async function planChecker(
  args: Args,
  { head, cluster, renderer }: { head: Head; cluster: Served; renderer: Renderer },
): Promise<PlannedChecker> {
  const name = clusterNamed(head.config, args.text('cluster'));
  const subjects = subjectsOf(args);
  const { groups, unread } = await cluster.served();
  const syncs = await renderSyncs(head, name, { clusterAdmins: [], namespaces: [] }, renderer);
  return {
    manifests: checkerManifests(groups, subjects),
    declared: declaredBy(syncs),
    lines: [
      `the scheduled check of cluster ${name}: ${subjects.map(shown).join(', ')} may get and list everything but Secrets`,
      ...unread.map(
        (group) => `note: ${group} is left out: its own server does not answer. Run this again when it does`,
      ),
    ],
  };
}

function subjectsOf(args: Args): CheckerSubject[] {
  const named = args.list('subject').map(readSubject);
  return named.length === 0 ? [checkerGroup] : named;
}

function shown(subject: CheckerSubject): string {
  return subject.kind === 'ServiceAccount'
    ? `service account ${subject.namespace}/${subject.name}`
    : `${subject.kind.toLowerCase()} ${subject.name}`;
}
