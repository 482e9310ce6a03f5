import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { PageOfRecords, RecordsReader } from '../../audit/ports.ts';
import type { BumpRecords } from '../../bump/ports.ts';
import type { AuditKind, AuditRecord } from '../../model/audit-record.ts';
import { RetryableError, UserError } from '../../model/errors.ts';
import type { Incident } from '../../model/incident.ts';
import type { ClusterState, ImageState, SyncState } from '../../model/state.ts';
import type { AttributionRecords, BumpTimes, ReportRecords } from '../../report/ports.ts';
import {
  clusterItem,
  clusterStateOf,
  dayOf,
  imageItem,
  imageStateOf,
  incidentItem,
  incidentOf,
  itemsOf,
  keyText,
  lastIncidentItem,
  openIncidentItem,
  openPlaces,
  partitions,
  placeOf,
  recordOf,
  syncItem,
  syncStateOf,
} from './dynamo-items.ts';
import { DynamoTable, forEachOf, type Item, type Range, type RecordsTables } from './dynamo-table.ts';

/** Writes under way at a time. */
const width = 16;
/** What a commit brought about comes after it: its own record is among the first. */
const earliest = 10;
/** Events of one commit that are asked for. */
const mostEvents = 20;
const ofImage = 'image:';
/** Records of an image that are looked through for its last bump, and so many of them a query. */
const mostSince = 500;
const pageOfImage = 25;
/** One commit may move several policies to the same image: their records are side by side. */
const together = 10;
/** Items asked for at once where the number wanted is not known. */
const pageSize = 100;

/**
 * The records: what bump and report write, and what the page and the CLI read (docs/records.md has the tables' keys and queries).
 * Every method throws `RetryableError` when a table is throttled or cannot be reached.
 */
export class DynamoRecords implements ReportRecords, AttributionRecords, RecordsReader, Omit<BumpRecords, 'announce'> {
  readonly #audit: DynamoTable;
  readonly #state: DynamoTable;
  readonly #onUnreadable: (error: UserError) => void;
  /** Days that are in the list of days already. */
  readonly #days = new Set<string>();

  /** `onUnreadable` is told of each item that a list leaves out because it cannot be understood. */
  constructor(client: DynamoDBClient, options: { tables: RecordsTables; onUnreadable: (error: UserError) => void }) {
    this.#audit = new DynamoTable(client, options.tables.audit);
    this.#state = new DynamoTable(client, options.tables.state);
    this.#onUnreadable = options.onUnreadable;
  }

  /** Appends; a record that is there already is left as it is. */
  async append(records: AuditRecord[]): Promise<void> {
    const items = records.flatMap(itemsOf);
    const days = new Set(items.map((item) => dayOf(item.sk)));
    // The list of days first: a record of a day that is not in it would never be found.
    for (const day of days) {
      if (this.#days.has(day)) continue;
      await this.#audit.putOnce({ pk: partitions.days, sk: day, format: 1 });
      this.#days.add(day);
    }
    await forEachOf(items, width, (item) => this.#audit.putOnce(item));
  }

  /** Up to which of its own commits on a branch bump has recorded everything. */
  async recordedUpTo(branch: string): Promise<string | undefined> {
    const revision = (await this.#state.get(partitions.recorded, keyText(branch)))?.['revision'];
    return typeof revision === 'string' ? revision : undefined;
  }

  /** Says it. */
  async saveRecordedUpTo(branch: string, revision: string): Promise<void> {
    await this.#state.put({ pk: partitions.recorded, sk: keyText(branch), format: 1, revision });
  }

  /** Saves what bump saw; a state that is newer in the table stays. */
  async saveImages(images: ImageState[]): Promise<void> {
    await forEachOf(images, width, (image) =>
      this.#state.put(imageItem(image), {
        expression: 'attribute_not_exists(pk) OR #at <= :at',
        names: { '#at': 'at' },
        values: { ':at': image.at },
      }),
    );
  }

  /** The times of a commit of bump, by its own records and those of the pushes; undefined for one that it has no record of. */
  async bump(revision: string): Promise<BumpTimes | undefined> {
    const bumped = await this.#earliestOf('bumped', `revision:${revision}`);
    const [first] = bumped;
    if (first === undefined) return undefined;
    // Each image's record has the events of all.
    const events = first.subjects.filter((one) => one.startsWith('event:')).slice(0, mostEvents);
    const pushes = (await Promise.all(events.map((event) => this.#earliestOf('push-received', event)))).flat();
    const [pushedAt] = pushes.map(({ at }) => at).sort();
    const sources = bumped.map(({ details }) => details?.['sourceTime']);
    const [sourceAt] = sources.filter((time) => typeof time === 'string').sort();
    return { bumpedAt: first.at, ...(pushedAt && { pushedAt }), ...(sourceAt && { sourceAt }) };
  }

  /** Those of a kind among the first records under a subject, the oldest first. */
  async #earliestOf(kind: AuditKind, subject: string): Promise<AuditRecord[]> {
    const found: AuditRecord[] = [];
    let asked = 0;
    for await (const item of this.#audit.query({ pk: partitions.about(subject) }, { pageSize: earliest })) {
      const record = item['kind'] === kind ? this.#readable(item, recordOf) : undefined;
      if (record !== undefined) found.push(record);
      asked += 1;
      if (asked === earliest) break;
    }
    return found;
  }

  /** What the last bumps and rollbacks that moved an image to this said of it. Each sync that runs it, or did, has left records since. */
  async bumpedImage(subject: string): Promise<{ policies: string[]; digest?: string } | undefined> {
    const range = { pk: partitions.about(subject) };
    const last: AuditRecord[] = [];
    let left = mostSince;
    for await (const item of this.#audit.query(range, { newestFirst: true, pageSize: pageOfImage })) {
      const isMove = item['kind'] === 'bumped' || item['kind'] === 'rolled-back';
      const moved = isMove ? this.#readable(item, recordOf) : undefined;
      if (moved !== undefined && last.push(moved) === 1) left = Math.min(left, together);
      left -= 1;
      if (left <= 0) break;
    }
    if (last.length === 0) return undefined;
    const policies = last.flatMap(({ subjects }) => subjects.filter((one) => one.startsWith(ofImage)));
    // A rollback asks no registry what its tag points at.
    const digest = last.find(({ kind }) => kind === 'bumped')?.details?.['digest'];
    return {
      policies: [...new Set(policies)].map((one) => one.slice(ofImage.length)).sort(),
      ...(typeof digest === 'string' && { digest }),
    };
  }

  /** The last known state of a sync. Throws `UserError` when the item cannot be understood. */
  async syncState(sync: string): Promise<SyncState | undefined> {
    const item = await this.#state.get(partitions.syncs, keyText(sync));
    return item === undefined ? undefined : syncStateOf(item);
  }

  /** Saves a sync's state. Throws `RetryableError` (`records-changed`) when it was made from an older pull or check than the table has. */
  async saveSyncState(state: SyncState): Promise<void> {
    const item = syncItem(state);
    const saved = await this.#state.put(item, {
      expression: 'attribute_not_exists(pk) OR (pulledAt <= :pulledAt AND checkedAt <= :checkedAt)',
      values: { ':pulledAt': item['pulledAt'], ':checkedAt': item['checkedAt'] },
    });
    if (!saved) throw changedMeanwhile(`the state of sync ${state.sync}`);
  }

  /** The last known state of a cluster. Throws `UserError` when the item cannot be understood. */
  async clusterState(cluster: string): Promise<ClusterState | undefined> {
    const item = await this.#state.get(partitions.clusters, keyText(cluster));
    return item === undefined ? undefined : clusterStateOf(item);
  }

  /** Saves a cluster's state; one of a later check stays. */
  async saveClusterState(state: ClusterState): Promise<void> {
    await this.#state.put(clusterItem(state), {
      expression: 'attribute_not_exists(pk) OR checkedAt <= :checkedAt',
      values: { ':checkedAt': state.checkedAt },
    });
  }

  /** The open incidents of one sync, or of all. An item that cannot be understood is an error for one sync, and left out of the list of all. */
  async openIncidents(sync?: string): Promise<Incident[]> {
    const range =
      sync === undefined
        ? { pk: partitions.openIncidents }
        : { pk: partitions.openIncidents, beginsWith: openPlaces(sync) };
    const incidents: Incident[] = [];
    for await (const item of this.#state.query(range, { consistent: true })) {
      const incident = sync === undefined ? this.#readable(item, incidentOf) : incidentOf(item);
      if (incident !== undefined) incidents.push(incident);
    }
    return incidents.sort((a, b) => compare(a.openedAt, b.openedAt) || compare(a.key, b.key));
  }

  /**
   * Writes an incident as it is now; a resolved one leaves the list of open ones. An older version never replaces a newer one, and
   * nothing replaces a resolved one. Throws `RetryableError` (`records-changed`) when another incident is open for the same thing.
   */
  async saveIncident(incident: Incident): Promise<void> {
    const place = openIncidentItem(incident);
    if (incident.resolvedAt === undefined) {
      const kept = await this.#state.get(partitions.incidents, keyText(incident.key));
      if (kept?.['resolvedAt'] !== undefined) return;
      const placed = await this.#state.put(place, {
        expression: 'attribute_not_exists(pk) OR (#key = :key AND changedAt <= :changedAt)',
        names: { '#key': 'key' },
        values: { ':key': incident.key, ':changedAt': incident.changedAt },
      });
      if (!placed) throw changedMeanwhile(`the incident "${incident.title}"`);
    }
    await this.#state.put(incidentItem(incident), {
      expression: 'attribute_not_exists(pk) OR (attribute_not_exists(resolvedAt) AND changedAt <= :changedAt)',
      values: { ':changedAt': incident.changedAt },
    });
    if (incident.resolvedAt === undefined) return;
    await this.#state.put(lastIncidentItem(incident), {
      expression: 'attribute_not_exists(pk) OR resolvedAt <= :resolvedAt',
      values: { ':resolvedAt': incident.resolvedAt },
    });
    await this.#state.delete(place.pk, place.sk, {
      expression: '#key = :key',
      names: { '#key': 'key' },
      values: { ':key': incident.key },
    });
  }

  /** Saves who is behind an incident, which is otherwise as it was read. Throws `RetryableError` (`records-changed`) when it changed meanwhile. */
  async saveWho(incident: Incident): Promise<void> {
    const asRead = {
      expression: '#key = :key AND changedAt = :changedAt',
      names: { '#key': 'key' },
      values: { ':key': incident.key, ':changedAt': incident.changedAt },
    };
    const isOpen = incident.resolvedAt === undefined;
    const placed = await this.#state.put(isOpen ? openIncidentItem(incident) : lastIncidentItem(incident), asRead);
    // Of an ended one another may have taken the place: it stays in the list of all.
    const kept = (placed || !isOpen) && (await this.#state.put(incidentItem(incident), asRead));
    if (!kept) throw changedMeanwhile(`the incident "${incident.title}"`);
  }

  /** The incident of the same kind, sync (or, without one, cluster) and object that was resolved last. Throws `UserError` when the item cannot be understood. */
  async lastIncident(of: Pick<Incident, 'kind' | 'sync' | 'object' | 'cluster'>): Promise<Incident | undefined> {
    const item = await this.#state.get(partitions.lastIncidents, placeOf(of));
    return item === undefined ? undefined : incidentOf(item);
  }

  /** Everything that happened, newest first, day by day backwards. */
  async timeline(page: PageOfRecords): Promise<AuditRecord[]> {
    const records: AuditRecord[] = [];
    const days =
      page.before === undefined ? { pk: partitions.days } : { pk: partitions.days, upTo: dayOf(page.before) };
    for await (const day of this.#audit.query(days, { newestFirst: true, pageSize: 31 })) {
      if (records.length >= page.limit || day.sk < dayOf(page.since ?? '')) break;
      const left = { ...page, limit: page.limit - records.length };
      records.push(...(await this.#newest(partitions.day(day.sk), left)));
    }
    return records;
  }

  /** What happened to one subject, newest first. */
  async about(subject: string, page: PageOfRecords): Promise<AuditRecord[]> {
    return this.#newest(partitions.about(subject), page);
  }

  /** Every sync that ever reported, by name. */
  async syncs(): Promise<SyncState[]> {
    return this.#all({ pk: partitions.syncs }, syncStateOf);
  }

  /** Every image policy that bump has looked at, by name. */
  async images(): Promise<ImageState[]> {
    return this.#all({ pk: partitions.images }, imageStateOf);
  }

  /** Every cluster that was ever checked, by name. */
  async clusters(): Promise<ClusterState[]> {
    return this.#all({ pk: partitions.clusters }, clusterStateOf);
  }

  /** Open and resolved incidents, newest first: their keys begin with the time of opening. */
  async recentIncidents(limit: number): Promise<Incident[]> {
    return this.#first(this.#state, { pk: partitions.incidents }, { limit }, incidentOf);
  }

  /** Those that opened from a time on and before another one, newest first. */
  async incidentsBetween(from: string, to: string): Promise<Incident[]> {
    const found: Incident[] = [];
    // Keys begin with the time of opening.
    for await (const item of this.#state.query({ pk: partitions.incidents, below: to }, { newestFirst: true })) {
      if (item.sk < from) break;
      const incident = this.#readable(item, incidentOf);
      if (incident !== undefined) found.push(incident);
    }
    return found;
  }

  /** One incident by its key. Throws `UserError` when the item cannot be understood. */
  async incident(key: string): Promise<Incident | undefined> {
    const item = await this.#state.get(partitions.incidents, keyText(key));
    return item === undefined ? undefined : incidentOf(item);
  }

  #newest(pk: string, page: PageOfRecords): Promise<AuditRecord[]> {
    const range = page.before === undefined ? { pk } : { pk, below: page.before };
    return this.#first(this.#audit, range, page, recordOf);
  }

  /** The newest readable items of a range: an unreadable one does not make the page look like the last one. */
  async #first<T>(
    table: DynamoTable,
    range: Range,
    { limit, since = '' }: Pick<PageOfRecords, 'limit' | 'since'>,
    read: (item: Item) => T,
  ): Promise<T[]> {
    const found: T[] = [];
    if (limit <= 0) return found;
    for await (const item of table.query(range, { newestFirst: true, pageSize: Math.min(limit, pageSize) })) {
      if (item.sk < since) break;
      const value = this.#readable(item, read);
      if (value !== undefined) found.push(value);
      if (found.length >= limit) break;
    }
    return found;
  }

  async #all<T>(range: { pk: string }, read: (item: Item) => T): Promise<T[]> {
    const found: T[] = [];
    for await (const item of this.#state.query(range)) {
      const value = this.#readable(item, read);
      if (value !== undefined) found.push(value);
    }
    return found;
  }

  #readable<T>(item: Item, read: (item: Item) => T): T | undefined {
    try {
      return read(item);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.#onUnreadable(error);
      return undefined;
    }
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function changedMeanwhile(what: string): RetryableError {
  return new RetryableError(`${what} was changed by somebody else meanwhile`, { code: 'records-changed' });
}
