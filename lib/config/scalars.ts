import * as z from 'zod';
import { isDateOrTime } from '../model/until.ts';
import { parseDuration } from './duration.ts';

/** What a file in `suspends/` is named that stops all images or syncs, and so none of them can be. */
export const nameOfAll = 'all';

/** False for the name that nothing can have. */
export function notAll(key: string): boolean {
  return key !== nameOfAll;
}

/** What is said of that name. */
export const allError = { error: 'nothing can be named all: a suspend with this name stops everything' };

const durationError = { error: 'must be a duration like 90s, 10m or 1h30m' };

/** A duration, as a text. */
export const duration = z.string(durationError).refine((text) => parseDuration(text) !== undefined, durationError);

const dateError = { error: 'must be a date like 2027-01-31 or a time like 2027-01-31T12:00:00Z' };

/** A date or a time with its zone, as a text. */
export const date = z.string(dateError).refine(isDateOrTime, dateError);

/** The name of an environment, a cluster or a sync. */
export const name = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, {
  error: 'a name has up to 63 lower-case letters, digits and dashes, and begins and ends with a letter or digit',
});

/** The name of a service account: a DNS subdomain (RFC 1123), as the API server takes it. */
export const accountName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/, {
    error: 'must be the name of a service account, without its namespace: lower-case letters, digits, dashes and dots',
  })
  .refine((text) => text.length <= 253, { error: 'must have up to 253 characters' });

/** When a bump is rolled back without a person; never, where nothing is said. */
export const rollbackMode = z.literal('automatic');

/** A JSON Pointer (RFC 6901) to something inside a document. */
export const pointer = z
  .string()
  .regex(/^(?:\/(?:[^~/]|~[01])*)+$/, { error: 'must be a JSON Pointer like /spec/replicas' });
