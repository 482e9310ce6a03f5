/** As it is called in the checkout and in the package. No address of a site unless told: whoever is woken follows it, and nobody may take it over. */
const runbook = 'docs/runbook.md';

/** The sections of the runbook that are about an alarm: the anchors of their headings. */
export const runbookSections = [
  'pushes-in-the-dead-letter-queue',
  'reports-in-the-dead-letter-queue',
  'notices-in-the-dead-letter-queue',
  'questions-in-the-dead-letter-queue',
  'events-that-were-not-delivered',
  'a-function-fails',
  'a-function-is-throttled',
  'the-drift-check-is-stale',
  'a-cluster-is-unreachable',
  'a-puller-is-silent',
  'the-sweep-found-lost-events',
  'bumps-are-slow',
  'pushes-wait',
  'reports-wait',
] as const;

/** A section of the runbook that is about an alarm. */
export type RunbookSection = (typeof runbookSections)[number];

/** What the runbook, or a section of it, is called in texts for people: `docs/runbook.md#a-function-fails`, of Windlass's own files, or below `url`, where a team has it. */
export function runbookPlace(section?: RunbookSection, url: string = runbook): string {
  return section === undefined ? url : `${url}#${section}`;
}
