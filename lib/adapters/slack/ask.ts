import { setTimeout as sleep } from 'node:timers/promises';
import { RetryableError } from '../../model/errors.ts';

/** Milliseconds for one request. */
const longestRequest = 10_000;
/** Seconds to wait where Slack says that there is too much, and not for how long. */
const usualWait = 30;

/** What Slack answered: the name of an error, or its JSON. */
export type Answer = { error: string } | { value: Record<string, unknown> };

/** One request, and how it is named to people. */
export interface Question {
  url: URL;
  /** The token of a bot. */
  token?: string;
  body: object;
  where: string;
}

/**
 * Asks Slack, and waits as long as it asks to where that is at most `patience` seconds in all. Throws `RetryableError` where it is longer, with
 * the seconds, and when Slack cannot be reached; no part of the address or the token is in it.
 */
export async function askSlack(question: Question, patience: number): Promise<Answer> {
  let left = patience;
  for (;;) {
    const response = await request(question);
    if (response.status !== 429) return readAnswer(response, question.where);
    await response.body?.cancel();
    const wait = secondsOf(response.headers.get('retry-after'));
    if (wait > left) throw tooMuch(question.where, wait);
    left -= wait;
    await sleep(wait * 1000);
  }
}

/** That Slack wants no more messages for some seconds. */
export function tooMuch(where: string, seconds: number): RetryableError {
  return new RetryableError(`Slack wants no message for ${seconds} s ${where}`, {
    code: 'slack-too-much',
    subject: where,
    retryAfter: seconds,
  });
}

async function request({ url, token, body, where }: Question): Promise<Response> {
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  try {
    return await fetch(url, {
      method: 'POST',
      headers: token === undefined ? headers : { ...headers, authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
      // A secret follows no redirect.
      redirect: 'error',
      signal: AbortSignal.timeout(longestRequest),
    });
  } catch (error) {
    throw unreachable(where, reasonOf(error));
  }
}

/** The Web API answers JSON with `ok`; an incoming webhook `ok`, or the name of an error, as a text. */
async function readAnswer(response: Response, where: string): Promise<Answer> {
  const text = await response.text().catch((error: unknown) => {
    throw unreachable(where, reasonOf(error));
  });
  if (response.status >= 500) throw unreachable(where, `status ${response.status}`);
  const json = jsonOf(text);
  if (json === undefined)
    return response.ok && text.trim() === 'ok' ? { value: {} } : { error: nameIn(text, response) };
  return json['ok'] === true ? { value: json } : { error: nameIn(String(json['error']), response) };
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Only what looks like the name of an error is repeated. */
function nameIn(text: string, { status }: Response): string {
  return /^[a-z][a-z_]{2,60}$/.test(text.trim()) ? text.trim() : `status ${status}`;
}

function secondsOf(header: string | null): number {
  return header !== null && /^\d{1,6}$/.test(header.trim()) ? Number(header) : usualWait;
}

function unreachable(where: string, why: string): RetryableError {
  return new RetryableError(`Slack cannot be reached ${where}: ${why}`, { code: 'slack-unreachable', subject: where });
}

// The message of a failed request may have the address in it, which is the secret of a webhook.
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
  if (typeof cause?.code === 'string') return cause.code;
  return error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : 'the connection failed';
}
