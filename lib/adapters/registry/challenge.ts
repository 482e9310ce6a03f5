/** What a registry asks for with 401: RFC 9110, 11.6.1. */
export interface Challenge {
  /** `bearer`, `basic`. */
  scheme: string;
  /** By lower-case name. */
  parameters: Map<string, string>;
}

const token = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const parameter = new RegExp(`^(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`);
const scheme = new RegExp(`^(${token})(?=\\s|,|$)`);

/** Reads `WWW-Authenticate`, which may hold several challenges. What cannot be read ends the list: it is never guessed. */
export function challengesOf(header: string | null): Challenge[] {
  const challenges: Challenge[] = [];
  let rest = (header ?? '').slice(0, 8192);
  for (;;) {
    rest = rest.replace(/^[\s,]+/, '');
    const pair = parameter.exec(rest);
    const named = pair === null ? scheme.exec(rest) : null;
    const current = challenges.at(-1);
    if (pair !== null && current !== undefined) {
      const [, name, quoted, plain] = pair;
      current.parameters.set(name!.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain!);
    } else if (named !== null) challenges.push({ scheme: named[1]!.toLowerCase(), parameters: new Map() });
    else return challenges;
    rest = rest.slice((pair ?? named)![0].length);
  }
}
