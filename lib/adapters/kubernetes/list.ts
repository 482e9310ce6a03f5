import { RetryableError } from '../../model/errors.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import type { Answer, Client } from './client.ts';

const pageSize = 500;
/** What one page of a list that is read page by page is to have at most, about: objects of some kinds are a thousand times as large as others. */
const pageBytes = 2_000_000;
/** Items of the first page, when nothing is known yet of how large they are. */
const firstPage = { metadata: pageSize, values: 100 };
/** A list is begun again when its continue token expires (five minutes, or a compaction); not without end. */
const listTries = 3;

/** One list, of all pages. */
export interface ListRequest {
  path: string;
  /** The plural, for errors. */
  what: string;
  labelSelector?: string | undefined;
  /** Without contents: only `metadata` of each item. */
  metadataOnly?: boolean;
  /** What to throw for a refusal. */
  refused: (answer: Answer) => Error;
  signal?: AbortSignal | undefined;
}

/** What there was at one moment. */
export interface Listed {
  items: KubeObject[];
  /** That moment: changes after it can be watched. Empty where the server gave none. */
  resourceVersion: string;
}

interface Page {
  kind?: string;
  metadata?: { continue?: string; remainingItemCount?: number; resourceVersion?: string };
  items?: KubeObject[] | null;
}

const metadataList = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';

/** All items of all pages, without apiVersion and kind, which lists do not repeat. A page that cannot be had fails the whole. */
export async function listAll(client: Client, request: ListRequest): Promise<KubeObject[]> {
  return (await listAt(client, request)).items;
}

/** Like `listAll`, with the moment that the list is of. */
export async function listAt(client: Client, request: ListRequest): Promise<Listed> {
  return (await wholeUpTo(client, request, Number.POSITIVE_INFINITY))!;
}

/** Like `listAll`, but undefined when there are more than `atMost`; mostly the first page tells. */
export async function listUpTo(
  client: Client,
  request: ListRequest,
  atMost: number,
): Promise<KubeObject[] | undefined> {
  return (await wholeUpTo(client, request, atMost))?.items;
}

/**
 * All items page by page, for lists that are too long to hold; without apiVersion and kind. When the pages expire while they are read it begins again:
 * then an item comes twice, and the later one is the newer.
 */
export async function* listPages(client: Client, request: ListRequest): AsyncGenerator<KubeObject[]> {
  const first = request.metadataOnly ? firstPage.metadata : firstPage.values;
  for (let attempt = 1; attempt <= listTries; attempt++) {
    let expired = false;
    let limit = first;
    for await (const page of pages(client, request, () => limit)) {
      expired = page === 'expired';
      if (page === 'expired') break;
      if (page.items.length > 0) limit = fitting(page);
      yield page.items;
    }
    if (!expired) return;
  }
  throw expiring(client, request);
}

/** How many items of the same size fit into a page. */
function fitting({ items, bytes }: { items: unknown[]; bytes: number }): number {
  return Math.max(1, Math.min(pageSize, Math.floor((pageBytes * items.length) / bytes)));
}

async function wholeUpTo(client: Client, request: ListRequest, atMost: number): Promise<Listed | undefined> {
  const limit = Math.min(pageSize, atMost + 1);
  for (let attempt = 1; attempt <= listTries; attempt++) {
    const listed: Listed = { items: [], resourceVersion: '' };
    let expired = false;
    for await (const page of pages(client, request, () => limit)) {
      expired = page === 'expired';
      if (page === 'expired') break;
      for (const item of page.items) listed.items.push(item);
      if (listed.items.length + page.remaining > atMost) return undefined;
      // All pages of a list are of the same moment.
      listed.resourceVersion = page.resourceVersion ?? listed.resourceVersion;
    }
    if (!expired) return listed;
  }
  throw expiring(client, request);
}

function expiring({ server }: Client, { what }: ListRequest): RetryableError {
  const message = `the API server ${server} could not list ${what}: its pages expire while they are read`;
  return new RetryableError(message, { code: 'server', subject: what });
}

interface ReadPage {
  items: KubeObject[];
  /** Characters of the answer. */
  bytes: number;
  /** How many items come after it, where the server says so. */
  remaining: number;
  resourceVersion: string | undefined;
}

async function* pages(
  client: Client,
  { path, labelSelector, metadataOnly = false, refused, signal }: ListRequest,
  limit: () => number,
): AsyncGenerator<ReadPage | 'expired'> {
  let token: string | undefined;
  do {
    const query = new URLSearchParams({ limit: String(limit()) });
    if (labelSelector !== undefined) query.set('labelSelector', labelSelector);
    if (token !== undefined) query.set('continue', token);
    const answer = await client.send(
      {
        ...{ verb: 'list', method: 'GET', path: `${path}?${query}` },
        ...(metadataOnly && { accept: metadataList }),
      },
      signal,
    );
    if (answer.status === 410 && token !== undefined) {
      yield 'expired';
      return;
    }
    const page = pageOf(answer);
    if (page === undefined) throw refused(answer);
    const { remainingItemCount: remaining = 0, resourceVersion } = page.metadata ?? {};
    token = page.metadata?.continue || undefined;
    yield { items: page.items ?? [], bytes: answer.text.length, remaining, resourceVersion };
  } while (token !== undefined);
}

/** Undefined for what is no list: a refusal, or the page of something in between. */
function pageOf({ status, json }: Answer): Page | undefined {
  if (status !== 200 || typeof json !== 'object' || json === null) return undefined;
  const { kind, items } = json as Page;
  // Some servers write an empty list as null.
  return Array.isArray(items) || (items === null && kind !== undefined) ? json : undefined;
}
