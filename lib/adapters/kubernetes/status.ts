import { syncOfAccount } from '../../config/account.ts';
import { RetryableError, UserError } from '../../model/errors.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import { nameOf } from '../../model/kube-object.ts';
import type { ApplyFailure } from '../../pull/ports.ts';
import type { Answer } from './client.ts';
import { notLetIn } from './trouble.ts';

/** The API server's own words about a refusal (meta/v1 Status). */
interface Status {
  message?: string;
  reason?: string;
  details?: { name?: string; kind?: string; causes?: Cause[] };
}

interface Cause {
  reason?: string;
  message?: string;
  field?: string;
}

/** The Status of a refusal; what has none (a proxy's page, an unknown path) gives its first line. */
export function statusOf(answer: Answer): Status {
  const json = answer.json as (Status & { kind?: string }) | undefined;
  if (json?.kind === 'Status') return json;
  const line = answer.text.trim().split('\n')[0]?.slice(0, 300);
  return { message: line || `HTTP ${answer.status}` };
}

/** True when the answer says that this object is not there; false for an unknown kind or path. */
export function isAbsent(answer: Answer, name: string): boolean {
  return answer.status === 404 && statusOf(answer).details?.name === name;
}

/** Turns a refused read into what is thrown. `hint`: what to do where it is forbidden to somebody else than an account of a sync. */
export function readError(server: string, doing: string, answer: Answer, hint?: string): UserError | RetryableError {
  const { message } = statusOf(answer);
  if (answer.status === 401) return unauthorized(server);
  if (isImpersonationRefused(answer)) return impersonationRefused(server, answer);
  if (answer.status === 403)
    return new UserError(
      `the API server ${server} forbids: ${message}${whatToBind(message) || (hint === undefined ? '' : `; ${hint}`)}`,
      {
        code: 'forbidden',
        subject: doing,
      },
    );
  return new RetryableError(`the API server ${server} could not ${doing}: HTTP ${answer.status}, ${message}`, {
    code: 'server',
    subject: doing,
  });
}

/** What is thrown when the server does not know who asks, also after fresh credentials. */
export function unauthorized(server: string): UserError {
  return notLetIn(server, "is the kubeconfig's user, or in a pod its service account, still valid?");
}

/** True when the refusal is not about what was asked for, but about asking as somebody else. */
export function isImpersonationRefused(answer: Answer): boolean {
  return answer.status === 403 && /\bcannot impersonate resource "/.test(statusOf(answer).message ?? '');
}

/** What is thrown when the credentials may not act as the account of a sync. */
export function impersonationRefused(server: string, answer: Answer): UserError {
  const what = `the API server ${server} does not let these credentials act as the sync's service account`;
  const hint = 'they need the verb "impersonate" on it, by a Role in windlass-system';
  return new UserError(`${what}: ${statusOf(answer).message}; ${hint}`, {
    code: 'impersonation-forbidden',
    subject: server,
  });
}

/**
 * What to do when an account may not do something: one that does not exist is to the API server only one without rights. The accounts that
 * `windlass install` makes are of the name of their sync, and it gives them more where it is told to.
 */
function whatToBind(message = ''): string {
  const [, namespace, name] = /^.* User "system:serviceaccount:([^:"]+):([^:"]+)" cannot /.exec(message) ?? [];
  if (name === undefined) return '';
  const bind = `; bind a role that allows it to ServiceAccount/${namespace}/${name}`;
  const sync = syncOfAccount(namespace!, name);
  return sync === undefined ? bind : `${bind}, or run windlass install --cluster-admin ${sync}`;
}

/** Turns a refused write of an object into a failure of that object. */
export function failureOf(object: KubeObject, answer: Answer): ApplyFailure {
  const status = statusOf(answer);
  const { code, retryable } = classify(answer.status, status);
  return { object: nameOf(object), code, message: masked(object, explain(answer.status, status)), retryable };
}

/** Server-side apply answers schema errors, and values that cannot be decoded, with 500 and no reason: they are the manifest's. */
const manifestFaults =
  /failed to create typed patch object|failed to convert new object|unable to convert unstructured object/;

/**
 * How the API server says in a typed cause that a field cannot change; in real answers of 1.35, kind by kind. `Invalid` brings the value
 * before it, which may say anything: only the end counts. `Forbidden` brings none.
 */
const immutableWords: Readonly<Record<string, RegExp>> = {
  FieldValueInvalid: /: (?:field is immutable|value is immutable|may not change once set|cannot change roleRef)$/i,
  FieldValueForbidden:
    /^Forbidden: (?:field is immutable|spec is immutable after creation|may not be changed in an update|updates to \w+ are forbidden|updates to statefulset spec for fields other than|pod updates may not change fields other than|existing toleration can not be modified)/,
};

/** The longest sentence of a refusal that is told. */
const longestSentence = 400;

/**
 * `spec.selector: field is immutable`, without the value, for a cause that says so. One that says that a value is wrong would be as wrong
 * in a new object. A sentence ends with its line: below it the API server may show the difference, with values.
 */
function immutableField({ reason = '', message = '', field }: Cause): string | undefined {
  const found = immutableWords[reason]?.exec(message);
  if (!found) return undefined;
  const line = message.slice(found.index).split('\n')[0]!;
  const sentence = line.replace(/^(?:Forbidden)?: /, '').trim();
  return `${field}: ${sentence.length > longestSentence ? `${sentence.slice(0, longestSentence)}...` : sentence}`;
}

function classify(http: number, status: Status): Pick<ApplyFailure, 'code' | 'retryable'> {
  const message = status.message ?? '';
  const causes = status.details?.causes ?? [];
  if (http === 403 && causes.some((cause) => cause.reason === 'NamespaceTerminating'))
    return { code: 'unavailable', retryable: true };
  if (http === 401 || http === 403) return { code: 'forbidden', retryable: false };
  if (http === 404) return { code: 'not-found', retryable: false };
  if (http === 409)
    return { code: 'conflict', retryable: causes.every((cause) => cause.reason !== 'FieldManagerConflict') };
  if (http === 422 && causes.length > 0 && causes.every(immutableField)) return { code: 'immutable', retryable: false };
  if (http === 500 && manifestFaults.test(message)) return { code: 'invalid', retryable: false };
  if (http >= 500 || http === 429) return { code: 'unavailable', retryable: true };
  return { code: 'invalid', retryable: false };
}

function explain(http: number, status: Status): string {
  const message = status.message ?? `HTTP ${http}`;
  const conflicts = (status.details?.causes ?? []).filter((cause) => cause.reason === 'FieldManagerConflict');
  if (conflicts.length > 0)
    return `other managers own fields of it: ${conflicts.map((cause) => `${cause.field} (${cause.message})`).join(', ')}`;
  const immutable = (status.details?.causes ?? []).map(immutableField);
  if (http === 422 && immutable.length > 0 && immutable.every(Boolean)) return immutable.join(', ');
  if (http === 404 && status.details?.kind === 'namespaces')
    return `its namespace "${status.details.name}" does not exist`;
  if (http === 403) return `${message}${whatToBind(message)}`;
  if (http === 404) return `the API server does not know this kind (${message})`;
  return message.replace(/^failed to create typed patch object \([^)]*\): /, '');
}

/** Takes every value of a Secret out of a message: validation errors quote what they refuse. */
function masked(object: KubeObject, message: string): string {
  if (object.kind !== 'Secret' || object.apiVersion !== 'v1') return message;
  const values = ['data', 'stringData'].flatMap((field) =>
    Object.values((object[field] ?? {}) as Record<string, unknown>),
  );
  const texts = values.flatMap((value) => [
    String(value),
    Buffer.from(String(value), 'base64').toString('utf8'),
    Buffer.from(String(value)).toString('base64'),
  ]);
  // A value that is no JSON is quoted by the character where that shows.
  const unquoted = message
    .replace(/Invalid value: "(?:[^"\\]|\\.)*"/gs, 'Invalid value: "***"')
    .replace(/invalid character '(?:[^'\\]|\\.)+'/gs, "invalid character '***'");
  return [...new Set(texts)]
    .filter((text) => text.length > 2)
    .sort((a, b) => b.length - a.length)
    .reduce((masked, text) => masked.replaceAll(text, '***'), unquoted);
}
