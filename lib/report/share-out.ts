import type { Incident } from '../model/incident.ts';
import type { Notice } from '../model/messages.ts';
import { noticeId } from '../model/notice.ts';
import type { Transitions } from './draft.ts';
import { type HourLimit, mostAnHour, type Room, takeRoom } from './hour-limit.ts';
import { changedNotice, openedNotice, resolvedNotice } from './notices.ts';

/** What people are told of what became of incidents. */
export interface Shares {
  notices: Notice[];
  /** Those of which people hear that they opened or changed. */
  told: Incident[];
  /** What is to be kept of the incidents, with what people were not told of them. */
  kept: Transitions;
  /** That there was too much: to be told, and then to be kept as known. */
  full?: { notice: Notice; room: Room };
}

interface News {
  incident: Incident;
  missed: NonNullable<Incident['untold']>;
  notice: Notice;
}

/**
 * Shares out what there is room for. An incident whose opening was not told is told as opened once there is room, by a report that still sees it, and its end
 * alone is not told; the end of one that people know is always told: there are no more of these than were told. Without a limit all is told.
 */
export async function shareOut(transitions: Transitions, limit: HourLimit | undefined): Promise<Shares> {
  const news = newsOf(transitions);
  const room = await takeRoom(
    'notices',
    news.map(({ notice }) => noticeId(notice)),
    limit,
  );
  const [told, refused] = parted(news, ({ notice }) => room.ids.has(noticeId(notice)));
  const heard = new Set(told.map(({ incident }) => incident.key));
  const missed = new Map(refused.map((one) => [one.incident.key, one.missed]));
  const kept = (incident: Incident): Incident => {
    const { untold, ...rest } = incident;
    const now = missed.get(incident.key) ?? (heard.has(incident.key) ? undefined : untold);
    return now === undefined ? rest : { ...rest, untold: now };
  };
  const resolved = transitions.resolved.map(kept);
  const first = refused[0]?.incident;
  const isNews = first !== undefined && room.hour?.count.isKnown !== true;
  return {
    notices: [
      ...told.map(({ notice }) => notice),
      ...resolved.filter(({ untold }) => untold !== 'opening').map(resolvedNotice),
    ],
    told: told.map(({ incident }) => incident),
    kept: {
      opened: transitions.opened.map(kept),
      changed: transitions.changed.map(kept),
      untold: transitions.untold.filter(({ key }) => heard.has(key)).map(kept),
      resolved,
    },
    ...(isNews && limit && { full: { notice: fullNotice(first, room, limit), room } }),
  };
}

/** In the order in which there is room for them. What is over by now is not told after the fact. */
function newsOf({ opened, changed, untold, resolved }: Transitions): News[] {
  const over = new Set(resolved.map(({ key }) => key));
  const later = [...changed, ...untold.filter(({ key }) => !over.has(key))];
  return [
    ...[...opened, ...later.filter((one) => one.untold === 'opening')].map(
      (incident): News => ({ incident, missed: 'opening', notice: openedNotice(incident) }),
    ),
    ...later
      .filter((one) => one.untold !== 'opening')
      .map((incident): News => ({ incident, missed: 'change', notice: changedNotice(incident) })),
  ];
}

function parted<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

function fullNotice({ cluster }: Incident, { hour }: Room, { sender }: HourLimit): Notice {
  const { fullAt = '', hour: since = '' } = hour?.count ?? {};
  const name = cluster ?? sender.split('/').at(-1);
  return {
    ...{ type: 'Notice', kind: 'untold', at: fullAt, ...(cluster !== undefined && { cluster }) },
    title: `${name}: ${mostAnHour} messages were told of its reports since ${since.slice(11)}:00 UTC, and no more are in this hour`,
    lines: [
      `it is ${sender}`,
      'what else opens and changes is on the page and in windlass audit; what lasts is told in a later hour',
      'what scheduled checks find is told all the same, and so is the end of what was told',
      'if nothing is wrong with the cluster, somebody may report by it what is not so: take it out of windlass.yaml, and its reports are believed no more',
    ],
  };
}
