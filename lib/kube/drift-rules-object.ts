import { type DriftRules, isAbout, type ReadyRule, rulesFor } from './drift-rules.ts';
import { type PathPattern, restBelow } from './drift-rules-path.ts';
import { childrenOf, type FieldPath, hasChildren, isWithin, nodeAt } from './fields.ts';
import type { Addition } from './foreign.ts';
import { fieldsOf, type ManagerRules, managerText } from './managers.ts';
import { idAnnotation, syncLabel } from './normalise.ts';
import type { AppliedEntry } from './record.ts';

/** Without these an object is not known as ours any more: no rule hides that they changed. */
const needed: readonly FieldPath[] = [
  ['f:metadata', 'f:labels', `f:${syncLabel}`],
  ['f:metadata', 'f:annotations', `f:${idAnnotation}`],
];

/** True when a field that is one value is as it should be, save for what lies at places inside of it. */
export type SameBut = (places: readonly PathPattern[]) => boolean;

/** The rules for the findings about one object, and what they took away. */
export class ObjectRules {
  /** Whose tools count as what. */
  readonly managers: ManagerRules | undefined;
  /** Fields that were added and may stay. */
  readonly added: FieldPath[] = [];
  readonly #rules: ReadyRule[];
  readonly #entry: Pick<AppliedEntry, 'projection' | 'ignored'>;
  readonly #used = new Set<string>();

  constructor(entry: Pick<AppliedEntry, 'object' | 'projection' | 'ignored'>, rules: DriftRules | undefined) {
    this.#rules = rulesFor(entry.object, rules);
    this.#entry = entry;
    this.managers = rules?.managers;
  }

  /** The rules that took something away, as `ruleText` writes them. */
  get used(): string[] {
    return [...this.#used];
  }

  /** True when a rule means the field, or all that differs inside of it. */
  hides(path: FieldPath, manager: string | undefined, isSameBut?: SameBut): boolean {
    if (this.#rules.length === 0 || needed.some((one) => isWithin(one, path))) return false;
    const meant = this.#meant(path, manager);
    const whole = meant.filter(({ below }) => below.length === 0);
    if (whole.length > 0) return this.#use(whole);
    if (meant.length === 0 || isSameBut === undefined) return false;
    return isSameBut(meant.map(({ below }) => below)) && this.#use(meant);
  }

  /** What remains of a field that somebody added: nothing, the field, or those of its parts that no rule means. */
  readonly keep = (addition: Addition): Addition[] => {
    const { path, entry } = addition;
    const meant = this.#rules.length === 0 ? [] : this.#meant(path, managerText(entry));
    if (meant.length === 0) return [addition];
    const whole = meant.filter(({ below }) => below.length === 0);
    if (whole.length > 0) {
      this.#use(whole);
      this.added.push(path);
      return [];
    }
    const node = nodeAt(fieldsOf(entry) ?? {}, path) ?? {};
    // An item of a list is there, whatever of it is ignored.
    if (!hasChildren(node) || !path.at(-1)!.startsWith('f:')) return [addition];
    const parts = childrenOf(node)
      .map(([element]): Addition => ({ path: [...path, element], entry }))
      .filter((part) => !this.#entry.ignored?.some((outer) => isWithin(part.path, outer)));
    const kept = parts.flatMap(this.keep);
    const isWhole = kept.length === parts.length && kept.every((part, i) => part === parts[i]);
    return isWhole ? [addition] : kept;
  };

  #meant(path: FieldPath, manager: string | undefined): { rule: ReadyRule; below: PathPattern }[] {
    return this.#rules.flatMap((rule) => {
      if (!isAbout(rule, manager)) return [];
      const below = restBelow(rule.path ?? [], path, this.#entry.projection);
      return below === undefined ? [] : [{ rule, below }];
    });
  }

  #use(meant: readonly { rule: ReadyRule }[]): true {
    for (const { rule } of meant) this.#used.add(rule.text);
    return true;
  }
}
