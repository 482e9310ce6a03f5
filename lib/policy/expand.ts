/** A template's part: literal text, or a group of the pattern by number or name. */
type Part = { literal: string } | { group: number } | { name: string };

/** The groups of one match. Both give undefined for a group that is not there or took no part. */
export interface Groups {
  byNumber(group: number): string | undefined;
  byName(name: string): string | undefined;
}

/**
 * Reads a template by the rules of Go's `Regexp.Expand`: `$name` and `$1` take the longest run of letters, digits and `_`
 * (so `$1x` is `${1x}`), `${name}` ends at the brace, `$$` is a dollar, any other `$` stands for itself.
 */
export function parseTemplate(template: string): Part[] {
  const parts: Part[] = [];
  let rest = template;
  for (;;) {
    const dollar = rest.indexOf('$');
    if (dollar < 0) break;
    parts.push({ literal: rest.slice(0, dollar) });
    rest = rest.slice(dollar + 1);
    const reference = /^(?:\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/u.exec(rest);
    if (rest.startsWith('$')) {
      parts.push({ literal: '$' });
      rest = rest.slice(1);
    } else if (reference === null) {
      parts.push({ literal: '$' });
    } else {
      parts.push(groupOf(reference[1] ?? reference[2]!));
      rest = rest.slice(reference[0].length);
    }
  }
  return [...parts, { literal: rest }];
}

/** Puts the groups of a match into a template; a group that is not there or took no part gives nothing. */
export function expand(template: Part[], groups: Groups): string {
  return template
    .map((part) => {
      if ('literal' in part) return part.literal;
      return ('group' in part ? groups.byNumber(part.group) : groups.byName(part.name)) ?? '';
    })
    .join('');
}

/** A number with a zero in front, or of more than nine digits, is a name. */
function groupOf(reference: string): Part {
  return /^(?:0|[1-9][0-9]{0,8})$/.test(reference) ? { group: Number(reference) } : { name: reference };
}
