import * as z from 'zod';
import type { RegistryClient } from './client.ts';
import { nextAddress } from './next-address.ts';
import { nextLink } from './next-link.ts';
import type { Answer } from './question.ts';
import type { Place } from './repository-name.ts';
import { badAnswer, noJson } from './trouble.ts';

/** Asked for on one page; registries may give fewer. */
const pageSize = 1000;

const pageShape = z.looseObject({ tags: z.array(z.string()).nullable() });

/** Reads all pages of tags, each tag once. Throws rather than giving a part: a page that failed, a circle of pages, more pages than `mostPages`. */
export async function listTags(client: RegistryClient, place: Place, mostPages: number): Promise<string[]> {
  const tags = new Set<string>();
  const seen = new Set<string>();
  for (let url: URL | undefined = addressOf(place, pageSize); url !== undefined; ) {
    if (seen.has(url.href)) throw badAnswer(place, 'sends pages of tags that go round in a circle');
    if (seen.size >= mostPages) throw badAnswer(place, `has more than ${mostPages} pages of tags`);
    seen.add(url.href);
    const answer = await client.get(place, url, 'application/json');
    if (answer.status === 404) throw client.trouble(place, answer);
    const page = readPage(place, answer);
    const before = tags.size;
    for (const tag of page) tags.add(tag);
    url = nextOf(place, answer, { page, isNew: tags.size > before });
  }
  return [...tags];
}

/** Throws `UserError` `repository-missing` when the registry does not know the repository. Costs one small request. */
export async function checkRepository(client: RegistryClient, place: Place): Promise<void> {
  const answer = await client.get(place, addressOf(place, 1), 'application/json');
  if (answer.status === 404) throw client.trouble(place, answer);
}

function addressOf({ origin, path }: Place, size: number, last?: string): URL {
  const url = new URL(`${origin}/v2/${path}/tags/list?n=${size}`);
  if (last !== undefined) url.searchParams.set('last', last);
  return url;
}

function readPage(place: Place, { bytes }: Answer): string[] {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw noJson(place, 'a list of tags', bytes);
  }
  const page = pageShape.safeParse(value);
  if (!page.success) throw badAnswer(place, 'sends a list of tags without tags');
  // A repository whose tags were all deleted has `null` in some registries.
  return page.data.tags ?? [];
}

function nextOf(place: Place, answer: Answer, { page, isNew }: { page: string[]; isNew: boolean }): URL | undefined {
  const link = nextLink(answer.headers.get('link'));
  if (link === 'unreadable') throw badAnswer(place, 'names the next page of tags in a way that cannot be read');
  if (link !== undefined) return nextAddress(answer.url, link, 'page');
  // Some registries cut the list at the wished size and do not say so: a full page is looked behind.
  return page.length >= pageSize && isNew ? addressOf(place, pageSize, page.at(-1)) : undefined;
}
