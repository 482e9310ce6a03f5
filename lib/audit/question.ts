import { groupsOf } from '../kube/namespaced.ts';
import { namesOf } from '../model/audit-subjects.ts';
import { UserError } from '../model/errors.ts';
import { isDigest, parseImageRef } from '../model/image-ref.ts';
import { nearest } from '../model/nearest.ts';
import { parseObjectId } from '../model/object-id.ts';
import { readTime } from './times.ts';

/** What can be asked of the audit trail. */
export type Question =
  /** Everything. */
  | { ask: 'all' }
  /** What happened to one thing: `kind` and `name` are the two parts of the subject. */
  | { ask: 'subject'; kind: SubjectKind; name: string }
  /** What happened to a commit, or to one that begins so. */
  | { ask: 'revision'; revision: string }
  /** What a person or a tool changed. */
  | { ask: 'by'; who: string; name: string }
  /** Where an image runs, by its digest or its `repository:tag`, and what happened to it. */
  | { ask: 'running'; image: { digest: string } | { ref: string } }
  /** What was running at a time (ISO 8601). */
  | { ask: 'at'; time: string };

const subjectKinds = ['object', 'image', 'sync', 'incident', 'run', 'event'] as const;
/** What a record can be about, as far as it is asked for by name alone. */
export type SubjectKind = (typeof subjectKinds)[number];

const form: Record<string, string> = {
  object: 'object/apps/Deployment/shop/web',
  image: 'image/NAME',
  sync: 'sync/NAME',
  revision: 'revision/SHA',
  incident: 'incident/KEY',
  run: 'run/ID',
  event: 'event/ID',
  by: 'by/NAME',
  digest: 'digest/sha256:...',
  ref: 'ref/REPOSITORY:TAG',
  at: 'at/TIME',
};

/** Reads a question as it is typed: `sync/shop-prod`, `by/ada`, `at/2h`. Nothing asks for everything. Throws `UserError` with the forms that there are. */
export function readQuestion(text: string | undefined, now: Date): Question {
  if (text === undefined) return { ask: 'all' };
  const slash = text.indexOf('/');
  const [kind, name] = slash < 0 ? [text, ''] : [text.slice(0, slash), text.slice(slash + 1)];
  if (!Object.hasOwn(form, kind)) throw unknownKind(text, kind);
  if (name === '') throw wrong(`"${text}" does not say which one: ${form[kind]}`, text);
  switch (kind) {
    case 'revision':
      return { ask: 'revision', revision: revisionOf(name) };
    case 'by':
      return { ask: 'by', who: name, name: namesOf(name)[0] ?? name };
    case 'digest':
      if (!isDigest(name)) throw wrong(`"${name}" is no digest: sha256: and 64 hex digits`, name);
      return { ask: 'running', image: { digest: name.toLowerCase() } };
    case 'ref':
      return { ask: 'running', image: imageOf(name) };
    case 'at':
      return { ask: 'at', time: past(name, now) };
    case 'object':
      if (parseObjectId(name) === undefined)
        throw wrong(`"${name}" is no object: write apps/Deployment/shop/web, or ConfigMap/shop/settings`, name);
      checkGroup(name);
  }
  return { ask: 'subject', kind: kind as SubjectKind, name };
}

/** The question in words: `what happened to sync shop-prod`. */
export function inWords(question: Question): string {
  switch (question.ask) {
    case 'all':
      return 'everything that happened';
    case 'subject':
      return `what happened to ${question.kind} ${question.name}`;
    case 'revision':
      return `what happened to revision ${question.revision}`;
    case 'by':
      return `what ${question.who} changed`;
    case 'running': {
      const { image } = question;
      return `where ${'digest' in image ? image.digest : image.ref} runs`;
    }
    case 'at':
      return `what was running at ${question.time}`;
  }
}

/** Throws `UserError` where the group is left out of a kind that is not in the core group, as kubectl lets people write it. */
function checkGroup(name: string): void {
  const { group, kind } = parseObjectId(name)!;
  const groups = groupsOf(kind);
  if (group !== '' || groups.length === 0 || groups.includes('')) return;
  const meant = groups.map((one) => `object/${one}/${name}`).join(' or ');
  throw wrong(`"${name}" lacks the group of ${kind}: did you mean ${meant}?`, name);
}

function past(text: string, now: Date): string {
  const time = readTime(text, now, 'at/');
  if (Date.parse(time) <= now.getTime()) return time;
  throw wrong(`at/${text} is still to come: nobody knows what will be running then`, text);
}

function revisionOf(name: string): string {
  if (/^[0-9a-f]{4,64}$/i.test(name)) return name.toLowerCase();
  throw wrong(`"${name}" is no revision: write the id of a commit, or its first digits (4 at least)`, name);
}

/** A reference with a digest is asked for by that. */
function imageOf(name: string): { digest: string } | { ref: string } {
  const { repository, tag, digest } = parseImageRef(name) ?? {};
  if (digest !== undefined) return { digest };
  if (repository === undefined || tag === undefined)
    throw wrong(`"${name}" is no image with a tag: REPOSITORY:TAG`, name);
  return { ref: `${repository}:${tag}` };
}

function unknownKind(text: string, kind: string): UserError {
  if (parseObjectId(text) !== undefined) return wrong(`"${text}" is asked for as object/${text}`, text);
  const close = nearest(kind, Object.keys(form));
  const hint =
    close === undefined ? `: ask for one of ${Object.values(form).join(', ')}` : `, did you mean ${form[close]}?`;
  return wrong(`"${text}" is no question that the audit trail can answer${hint}`, text);
}

function wrong(message: string, subject: string): UserError {
  return new UserError(message, { code: 'usage', subject });
}
