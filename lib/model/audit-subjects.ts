import type { ImageRef } from './image-ref.ts';

/** Names that a record is found under: a hand edit of hundreds of objects names as many tools as people have. */
const mostActors = 20;

/**
 * The names by which people ask for somebody, the most exact one first: `ada@acme.example` and `Ada` of `Ada <ada@acme.example>`, the ARN and
 * what is behind its last slash, else the name itself. In small letters: nobody remembers the case of a name.
 */
export function namesOf(who: string): string[] {
  const [, name, mail] = /^\s*(.*?)\s*<([^<>]+)>\s*$/.exec(who) ?? [];
  const last = /^arn:.*\/([^/]+)$/.exec(who)?.[1];
  const names = mail !== undefined ? [mail, name] : [who.trim(), last];
  return [...new Set(names.flatMap((one) => (one ? [one.toLowerCase()] : [])))];
}

/** True for a part of Windlass by its name as an actor (`windlass pull`) or as a field manager. */
export function isWindlass(who: string): boolean {
  return /^windlass(?:$|[\s-])/.test(who);
}

/** The subjects of those who changed something, people and tools: `actor:ada`, `actor:kubectl-set`. Windlass's own parts have none. */
export function actorSubjects(who: readonly string[]): string[] {
  const others = who.filter((one) => one !== '' && !isWindlass(one));
  const names = others.slice(0, mostActors).flatMap(namesOf);
  return [...new Set(names)].map((name) => `actor:${name}`);
}

/** The subjects of an image, as far as it is named: `ref:<repository>:<tag>` and `digest:sha256:...`. */
export function imageSubjects({ repository, tag, digest }: ImageRef): string[] {
  return [
    ...(tag === undefined ? [] : [`ref:${repository}:${tag}`]),
    ...(digest === undefined ? [] : [`digest:${digest}`]),
  ];
}
