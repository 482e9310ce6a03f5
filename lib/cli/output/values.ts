import { canonicalJson } from '../../kube/hash.ts';
import { valueChanges } from '../../kube/value-changes.ts';
import type { FieldDrift } from '../../model/drift.ts';
import { printable } from '../../model/drift-text.ts';
import type { ValueChange } from '../../model/value-changes.ts';
import type { Style } from './style.ts';

/** A value of which not more is shown at once, unless all is asked for. */
const longest = 120;
const mostChanges = 12;
/** Shorter ones are seen side by side at a glance. */
const glance = 60;

/**
 * The live value of a field and Git's. Of long lists, maps and texts what is added, removed and changed, a line each: `+` is in the cluster alone, `-`
 * in Git alone. `whole` shows the values uncut as well.
 */
export function valueLines({ live, git }: Pick<FieldDrift, 'live' | 'git'>, style: Style, whole: boolean): string[] {
  const text = (value: unknown) => cut(printable(canonicalJson(value)), whole);
  const both = [
    `cluster  ${style.red(live === undefined ? '(not there)' : text(live))}`,
    ...(git === undefined ? [] : [`Git      ${style.green(text(git))}`]),
  ];
  const isLong = [live, git].some((value) => (JSON.stringify(value) ?? '').length > glance);
  const changes = isLong ? valueChanges(git, live) : undefined;
  if (changes === undefined) return both;
  const shown = whole ? changes : changes.slice(0, mostChanges);
  const more = changes.length - shown.length;
  return [
    ...(whole ? both : []),
    'differs  + in the cluster, - in Git',
    ...shown.flatMap((change) => changeLines(change, style, whole)),
    ...(more === 0 ? [] : [style.dim(`         and ${more} more; --all shows them`)]),
  ];
}

function changeLines(change: ValueChange, style: Style, whole: boolean): string[] {
  const at = change.path === '' ? '' : `${printable(change.path)} `;
  const line = (sign: string, value: unknown) => `         ${sign} ${at}${cut(printable(canonicalJson(value)), whole)}`;
  return [
    ...('git' in change ? [style.green(line('-', change.git))] : []),
    ...('live' in change ? [style.red(line('+', change.live))] : []),
  ];
}

function cut(text: string, whole: boolean): string {
  return whole || text.length <= longest ? text : `${text.slice(0, longest)}…`;
}
