import { ago, fill, h } from './dom.js';
import { count, isOpen } from './words.js';

/** Whether all is well, in one word, one headline and one line of facts. */
export function verdictOf(state) {
  const reasons = troubles(state);
  if (reasons.length > 0) return { kind: 'bad', headline: reasons.join(', ') };
  const pulled = state.syncs.filter((sync) => sync.result !== undefined);
  if (pulled.length < state.syncs.length || state.syncs.length === 0)
    return {
      kind: 'busy',
      headline:
        state.syncs.length === 0
          ? 'No sync has been pulled yet'
          : `${pulled.length} of ${count(state.syncs.length, 'sync')} pulled so far`,
    };
  const behind = state.syncs.filter((sync) => sync.revision !== state.repo.head && sync.result !== 'suspended');
  if (behind.length > 0) return { kind: 'busy', headline: `A new commit is on its way to ${namesOf(behind)}` };
  const rolling = state.syncs.filter((sync) => sync.result === 'progressing');
  if (rolling.length > 0)
    return { kind: 'busy', headline: `${namesOf(rolling)} ${rolling.length === 1 ? 'is' : 'are'} rolling out` };
  const suspended = state.syncs.filter((sync) => sync.result === 'suspended');
  if (suspended.length > 0)
    return { kind: 'busy', headline: `${namesOf(suspended)} ${suspended.length === 1 ? 'is' : 'are'} suspended` };
  return { kind: 'good', headline: 'All is well' };
}

function troubles(state) {
  const open = state.incidents.filter(isOpen);
  const failing = state.syncs.filter((sync) => sync.result === 'failed');
  const unhealthy = state.syncs.filter((sync) => sync.result === 'unhealthy');
  const drifted = state.syncs.reduce((sum, sync) => sum + sync.drifted, 0);
  return [
    open.length > 0 && count(open.length, 'open incident'),
    state.repo.problem !== undefined && 'Git’s head is not in use',
    failing.length > 0 && `${namesOf(failing)} failed`,
    unhealthy.length > 0 && `${namesOf(unhealthy)} unhealthy`,
    drifted > 0 && open.length === 0 && `${count(drifted, 'object')} drifted`,
  ].filter(Boolean);
}

function namesOf(syncs) {
  return syncs.length > 2 ? count(syncs.length, 'sync') : syncs.map((sync) => sync.sync).join(' and ');
}

/** Shows the verdict. Only the headline is a live region: the facts change too often to be read out. */
export function showVerdict(state) {
  const { kind, headline } = verdictOf(state);
  document.getElementById('verdict').className = kind;
  fill(document.getElementById('headline'), headline);
  fill(document.getElementById('facts'), facts(state));
}

function facts(state) {
  const health = state.syncs.flatMap((sync) => sync.health);
  const current = health.filter((object) => object.status === 'Current').length;
  const drifted = state.syncs.reduce((sum, sync) => sum + sync.drifted, 0);
  const unknown = state.syncs.reduce((sum, sync) => sum + sync.unknown.length, 0);
  const held = state.images.filter((image) => image.holds.length > 0).length;
  const checks = state.syncs.flatMap((sync) => sync.checkedAt ?? []).sort();
  return [
    health.length > 0 && h('li', null, `${current} of ${count(health.length, 'object')} healthy`),
    (drifted > 0 || checks.length > 0) &&
      h('li', null, drifted === 0 ? 'no drift' : `${count(drifted, 'object')} drifted`),
    unknown > 0 && h('li', null, `${unknown} could not be checked`),
    held > 0 && h('li', null, `${held} held back`),
    checks.length > 0 && h('li', null, 'checked ', ago(checks[0])),
  ];
}
