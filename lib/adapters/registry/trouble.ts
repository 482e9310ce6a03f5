import { messageOf, RetryableError, UserError } from '../../model/errors.ts';
import type { Answer } from './question.ts';
import type { Place } from './repository-name.ts';
import { retryAfterOf } from './retry-after.ts';

/** What certificates say that nobody vouches for: waiting mends none of these. */
const certificate = /^(?:CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(?:VERIFY|GET)_|ERR_TLS_|ERR_SSL_)/;

/** A request that got no whole answer. */
export function connectionTrouble(host: string, error: unknown): UserError | RetryableError {
  const codes = codesOf(error);
  const code = codes.find((each) => certificate.test(each));
  if (code !== undefined) {
    return new UserError(`the registry ${host} cannot be trusted (${code}): check its certificate and its name`, {
      code: 'registry-certificate',
      subject: host,
    });
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new RetryableError(`the registry ${host} did not answer in time`, {
      code: 'registry-timeout',
      subject: host,
    });
  }
  const why = codes[0] ?? messageOf(error);
  return new RetryableError(`the registry ${host} cannot be reached: ${why}`, {
    code: 'registry-unreachable',
    subject: host,
  });
}

/** A body that no honest registry sends. */
export function tooLarge(host: string, cause: Error): UserError {
  return new UserError(`the registry ${host} sent a document that is too large: nothing of it is used`, {
    code: 'registry-answer',
    subject: host,
    cause,
  });
}

/** True for an answer that asks to come later: too many requests, or a server in trouble. */
export function mayPass(status: number): boolean {
  return status === 429 || status === 408 || status >= 500;
}

/** An answer with a status that nobody waits for. */
export function statusTrouble(place: Place, answer: Answer, now: Date, signedIn: boolean): UserError | RetryableError {
  const { status } = answer;
  const said = `${answer.url.host} answered ${[status, ...ociCodes(answer.bytes)].join(' ')}`;
  if (mayPass(status)) {
    const code = status === 429 ? 'registry-throttled' : 'registry-unreachable';
    const what = status === 429 ? 'wants fewer requests' : 'is in trouble';
    const retryAfter = retryAfterOf(answer.headers, now);
    return new RetryableError(`the registry ${place.host} ${what}: ${said}`, {
      code,
      subject: place.written,
      retryAfter,
    });
  }
  if (status === 401 || status === 403) return notAllowed(place, said, signedIn);
  if (status === 404 && ociCodes(answer.bytes).some((code) => missing.has(code))) return repositoryMissing(place);
  return new UserError(
    `${said} to a question about ${place.written}: is it a registry (OCI Distribution v2), and is the name right?`,
    {
      code: 'registry-answer',
      subject: place.written,
    },
  );
}

/** `NOT_FOUND` is Harbor's word. */
const missing = new Set(['NAME_UNKNOWN', 'NOT_FOUND']);

/** There is no such repository. */
export function repositoryMissing(place: Place): UserError {
  return new UserError(
    `the registry ${place.host} has no repository ${place.path}: push an image to it, or mend its name in windlass.yaml`,
    { code: 'repository-missing', subject: place.written },
  );
}

/** There is no such tag or digest. */
export function imageMissing(place: Place, reference: string): UserError {
  return new UserError(`${place.written} has no image ${reference}: it was deleted, or its tag was pushed again`, {
    code: 'image-missing',
    subject: place.written,
  });
}

/** The registry lets nobody in, or not this one. `said` holds no secret. */
export function notAllowed(place: Place, said: string, signedIn: boolean): UserError {
  const remedy = signedIn
    ? `give the credentials for ${place.host} the right to pull it, or mend its name`
    : `give Windlass credentials for ${place.host} (locally: docker login ${place.host}), or mend its name`;
  const whom = signedIn ? 'with these credentials' : 'without credentials';
  return new UserError(
    `${place.written} may not be read ${whom} (${said}); it may be private, or not exist: ${remedy}`,
    {
      code: 'registry-not-allowed',
      subject: place.written,
    },
  );
}

/** An answer that should be a JSON object and is not: one that is empty or was cut off may pass, a page or any other text is not of a registry. Neither is quoted. */
export function noJson(place: Place, what: string, bytes: Uint8Array): UserError | RetryableError {
  const text = Buffer.from(bytes).toString('utf8').trimStart();
  if (text !== '' && !text.startsWith('{')) {
    const sent = text.startsWith('<') ? 'a page (HTML or XML)' : 'a text';
    return badAnswer(place, `sent ${sent} where ${what} should be: is it a registry, and nothing in between?`);
  }
  return new RetryableError(
    `the registry ${place.host} sent no whole answer about ${place.written}: ${what} is cut off`,
    {
      code: 'registry-unreachable',
      subject: place.written,
    },
  );
}

/** The answer is one of a registry that is broken, or hostile. */
export function badAnswer(place: Place, why: string): UserError {
  return new UserError(`the registry ${place.host} ${why} (${place.written}): nothing of it is used`, {
    code: 'registry-answer',
    subject: place.written,
  });
}

/** The codes of an error answer (OCI distribution specification, "Error codes"); its messages may say anything and are left out. */
export function ociCodes(bytes: Uint8Array): string[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return [];
  }
  const errors = (parsed as { errors?: unknown } | null)?.errors;
  if (!Array.isArray(errors)) return [];
  const codes = errors.map((error: { code?: unknown } | null) => error?.code);
  return codes.filter((code): code is string => typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code)).slice(0, 3);
}

function codesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const own = (error as NodeJS.ErrnoException).code;
  return [...(typeof own === 'string' ? [own] : []), ...codesOf(error.cause)];
}
