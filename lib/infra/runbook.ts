/** Where docs/runbook.md can be read by whoever is woken by an alarm. */
const runbook = 'https://github.com/windlass-dev/windlass/blob/main/docs/runbook.md';

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

/** The address of the runbook, or of a section of it. */
export function runbookUrl(section?: RunbookSection): string {
  return section === undefined ? runbook : `${runbook}#${section}`;
}
