import type { Report } from '../model/messages.ts';
import { behindTransitions } from './behind.ts';
import { Draft, type Known, type Transitions } from './draft.ts';
import { driftTransitions } from './drift-incidents.ts';
import { failureTransitions } from './failure-incidents.ts';
import { guardTransitions } from './guard-incidents.ts';

/**
 * What a report does to the incidents of its sync. The same report again, or one that is older than what was seen since, changes
 * nothing; but drift that a late pull has healed, and that nobody has told yet, is told.
 */
export function nextIncidents(known: Known, report: Report): Transitions {
  const draft = new Draft(known.open);
  driftTransitions(draft, known, report);
  failureTransitions(draft, known.state, report);
  guardTransitions(draft, known.state, report);
  behindTransitions(draft, known.state, report);
  return draft.transitions();
}
