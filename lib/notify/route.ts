import type { NotifyDestination, NotifyRoute, NotifyRules } from '../config/config.ts';
import { matchesGlob } from '../model/glob.ts';
import type { Notice } from '../model/messages.ts';
import { severities, severityOf, type Topic, topicOf } from '../model/notice.ts';
import type { SlackChannel } from './ports.ts';

/** Where a notice goes. The id is the same as long as the channel or topic is. */
export type Destination = { id: string; slack: SlackChannel } | { id: string; topic: string };

/** What all are told: each of them may lack something of what is not told. */
const toAll: readonly Notice['kind'][] = ['test', 'untold'];

/** The destinations of a notice, each once: those of all routes that fit it, else the default; of a test, and of what goes untold, all that there are. */
export function destinationsOf(notice: Notice, rules: NotifyRules): Destination[] {
  if (toAll.includes(notice.kind)) return allDestinations(rules);
  const fitting: NotifyDestination[] = rules.routes.filter((route) => fits(route, notice));
  if (fitting.length === 0 && rules.default !== undefined) fitting.push(rules.default);
  return eachOnce(fitting);
}

// Whatever they choose by.
function allDestinations({ routes, default: standard }: NotifyRules): Destination[] {
  return eachOnce([...routes, ...(standard === undefined ? [] : [standard])]);
}

function eachOnce(destinations: readonly NotifyDestination[]): Destination[] {
  return [...new Map(destinations.flatMap(destination).map((one) => [one.id, one])).values()];
}

function fits({ on, syncs, namespaces, severity }: NotifyRoute, notice: Notice): boolean {
  if (on !== undefined && !namesOf(notice).some((topic) => on.includes(topic))) return false;
  if (syncs !== undefined && !(notice.sync !== undefined && syncs.includes(notice.sync))) return false;
  if (
    namespaces !== undefined &&
    !(notice.namespaces ?? []).some((name) => namespaces.some((pattern) => matchesGlob(pattern, name)))
  )
    return false;
  return severity === undefined || severities.indexOf(severityOf(notice)) >= severities.indexOf(severity);
}

/** What a notice is called in `on`: that a sync is healthy again is the end of its being unhealthy, and can be asked for alone. */
function namesOf(notice: Notice): Topic[] {
  const topic = topicOf(notice);
  if (topic === undefined) return [];
  return topic === 'unhealthy' && notice.kind === 'incident-resolved' ? [topic, 'healthy-again'] : [topic];
}

function destination({ slack, sns }: NotifyDestination): Destination[] {
  if (slack !== undefined) return [{ id: `slack:${slack.secret}:${slack.channel ?? ''}`, slack }];
  return sns === undefined ? [] : [{ id: `sns:${sns}`, topic: sns }];
}
