import { RetryableError } from '../../model/errors.ts';
import type { KubeObject } from '../../model/kube-object.ts';
import type { Answer, Client } from './client.ts';

const pageSize = 500;
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

async function wholeUpTo(client: Client, request: ListRequest, atMost: number): Promise<Listed | undefined> {
  for (let attempt = 1; attempt <= listTries; attempt++) {
    const listed = await pages(client, request, atMost);
    if (listed === 'too many') return undefined;
    if (listed !== 'expired') return listed;
  }
  throw new RetryableError(
    `the API server ${client.server} could not list ${request.what}: its pages expire while they are read`,
    { code: 'server', subject: request.what },
  );
}

async function pages(
  client: Client,
  { path, labelSelector, metadataOnly = false, refused, signal }: ListRequest,
  atMost: number,
): Promise<Listed | 'expired' | 'too many'> {
  const items: KubeObject[] = [];
  let resourceVersion = '';
  let token: string | undefined;
  do {
    const query = new URLSearchParams({ limit: String(Math.min(pageSize, atMost + 1)) });
    if (labelSelector !== undefined) query.set('labelSelector', labelSelector);
    if (token !== undefined) query.set('continue', token);
    const answer = await client.send(
      {
        ...{ verb: 'list', method: 'GET', path: `${path}?${query}` },
        ...(metadataOnly && { accept: metadataList }),
      },
      signal,
    );
    if (answer.status === 410 && token !== undefined) return 'expired';
    const page = pageOf(answer);
    if (page === undefined) throw refused(answer);
    for (const item of page.items ?? []) items.push(item);
    if (items.length + (page.metadata?.remainingItemCount ?? 0) > atMost) return 'too many';
    token = page.metadata?.continue || undefined;
    // All pages of a list are of the same moment.
    resourceVersion = page.metadata?.resourceVersion ?? resourceVersion;
  } while (token !== undefined);
  return { items, resourceVersion };
}

/** Undefined for what is no list: a refusal, or the page of something in between. */
function pageOf({ status, json }: Answer): Page | undefined {
  if (status !== 200 || typeof json !== 'object' || json === null) return undefined;
  const { kind, items } = json as Page;
  // Some servers write an empty list as null.
  return Array.isArray(items) || (items === null && kind !== undefined) ? json : undefined;
}
