import * as z from 'zod';
import { isDigest, isTag } from '../model/image-ref.ts';
import { quoted, wrongIn } from './event-excerpt.ts';
import type { Cause, Seen } from './push.ts';

/** What an event of EventBridge says beside its detail. */
interface AwsEvent {
  account: string;
  region: string;
  detail: Record<string, unknown>;
}

/** What `pushEvent` builds an event from. */
interface PushFacts {
  id: string;
  at: Date;
  account: string;
  region: string;
  repository: string;
  tag: string;
  digest: string;
}

/**
 * The event that ECR sends for a push, as EventBridge puts it on the queue.
 * https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html
 */
export function pushEvent(facts: PushFacts): Record<string, unknown> {
  return {
    version: '0',
    id: facts.id,
    'detail-type': 'ECR Image Action',
    source: 'aws.ecr',
    account: facts.account,
    time: `${facts.at.toISOString().slice(0, 19)}Z`,
    region: facts.region,
    resources: [],
    detail: {
      result: 'SUCCESS',
      'repository-name': facts.repository,
      'image-digest': facts.digest,
      'action-type': 'PUSH',
      'image-tag': facts.tag,
      'manifest-media-type': 'application/vnd.oci.image.manifest.v1+json',
      'artifact-media-type': 'application/vnd.oci.image.config.v1+json',
    },
  };
}

/** The registry host of an account's private repositories in a region. */
export function ecrHost(accountId: string, regionName: string): string {
  return `${accountId}.dkr.ecr.${regionName}.amazonaws.com${regionName.startsWith('cn-') ? '.cn' : ''}`;
}

const repositoryName = z
  .string()
  .regex(/^[a-z0-9]+(?:(?:[._-]+|\/)[a-z0-9]+)*$/)
  .max(256);
const account = z.string().regex(/^\d{12}$/);
const region = z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/);

/** All but the repository and what was done are optional in ECR's events (Amazon ECR user guide, "Amazon ECR events and EventBridge"). */
const image = { 'image-digest': z.string().nullish(), 'image-tag': z.string().nullish() };
const imageAction = z.object({
  ...image,
  'repository-name': repositoryName,
  'action-type': z.string(),
  result: z.string().optional(),
});
const replication = z.object({ ...image, 'repository-name': repositoryName, result: z.string() });
const pullThrough = z.object({ ...image, 'repository-name': repositoryName, 'sync-status': z.string() });
const scan = z.object({
  'repository-name': z.string().max(400),
  'scan-status': z.string(),
  'image-digest': z.string().nullish(),
  'image-tags': z.array(z.string()).nullish(),
});

/** Reads the detail of one type of event: what it tells of, or the reason why there is nothing to look at. */
type Reader = (event: AwsEvent) => Seen | string;

const readers = new Map<string, Reader>([
  ['aws.ecr ECR Image Action', readImageAction],
  ['aws.ecr ECR Image Scan', readBasicScan],
  ['aws.inspector2 Inspector2 Scan', readEnhancedScan],
  ['aws.ecr ECR Replication Action', readReplication],
  ['aws.ecr ECR Pull Through Cache Action', readPullThrough],
]);

/** Chooses the reader of a type of event; undefined for one that says nothing about images. */
export function ecrReader(source: string, type: string): Reader | undefined {
  return readers.get(`${source} ${type}`);
}

function readImageAction(event: AwsEvent): Seen | string {
  const action = imageAction.safeParse(event.detail);
  if (!action.success) return `is not an ECR Image Action: ${wrongIn(action.error)}`;
  const { 'action-type': verb, result = 'SUCCESS' } = action.data;
  if (verb !== 'PUSH') return `is no push but ${quoted(verb)}`;
  if (result !== 'SUCCESS') return `tells of a push that did not succeed: ${quoted(result)}`;
  return tagged('push', 'pushed', event, action.data);
}

function readReplication(event: AwsEvent): Seen | string {
  const action = replication.safeParse(event.detail);
  if (!action.success) return `is not an ECR Replication Action: ${wrongIn(action.error)}`;
  const { result } = action.data;
  if (result !== 'SUCCESS') return `tells of a replication that did not succeed: ${quoted(result)}`;
  return tagged('replication', 'replicated', event, action.data);
}

function readPullThrough(event: AwsEvent): Seen | string {
  const action = pullThrough.safeParse(event.detail);
  if (!action.success) return `is not an ECR Pull Through Cache Action: ${wrongIn(action.error)}`;
  const { 'sync-status': status } = action.data;
  if (status !== 'SUCCESS') return `tells of a pull through the cache that did not succeed: ${quoted(status)}`;
  return tagged('pull-through', 'pulled through the cache', event, action.data);
}

function readBasicScan(event: AwsEvent): Seen | string {
  const read = scan.extend({ 'repository-name': repositoryName }).safeParse(event.detail);
  if (!read.success) return `is not an ECR Image Scan: ${wrongIn(read.error)}`;
  return scanned('COMPLETE', read.data, inRegistry(event, read.data['repository-name']));
}

/** Amazon Inspector writes the ARN of the repository where ECR writes its name. */
function readEnhancedScan(event: AwsEvent): Seen | string {
  const read = scan.safeParse(event.detail);
  if (!read.success) return `is not an Inspector2 Scan: ${wrongIn(read.error)}`;
  const arn = /^arn:aws[a-z-]*:ecr:([^:]+):([^:]+):repository\/(.+)$/.exec(read.data['repository-name']);
  if (arn === null) return 'does not name the repository by its ARN';
  if (!repositoryName.safeParse(arn[3]).success) return 'names a repository that ECR cannot have';
  return scanned('INITIAL_SCAN_COMPLETE', read.data, inRegistry({ account: arn[2]!, region: arn[1]! }, arn[3]!));
}

/** The parts of a multi-architecture image are scanned without a tag of their own: such a scan may be what a gate waits for. */
function scanned(done: string, detail: z.infer<typeof scan>, repository: string | undefined): Seen | string {
  const status = detail['scan-status'];
  if (status !== done) return `tells of a scan that is not complete: ${quoted(status)}`;
  if (repository === undefined) return noRegistry;
  const tags = (detail['image-tags'] ?? []).filter(isTag);
  return {
    cause: 'scan',
    repository,
    ...(tags.length === 1 ? { tag: tags[0]! } : {}),
    ...digestIn(detail),
  };
}

/** Without a tag there is nothing to choose: the parts of a multi-architecture image come before the index that has the tag. */
function tagged(
  cause: Cause,
  done: string,
  event: AwsEvent,
  detail: z.infer<typeof imageAction> | z.infer<typeof replication> | z.infer<typeof pullThrough>,
): Seen | string {
  const tag = detail['image-tag'] ?? '';
  if (tag === '') return `has no tag: only a digest was ${done}`;
  if (!isTag(tag)) return 'has a tag that no registry allows';
  const repository = inRegistry(event, detail['repository-name']);
  return repository === undefined ? noRegistry : { cause, repository, tag, ...digestIn(detail) };
}

const noRegistry = 'does not say which account and region it is of';

function inRegistry(of: Pick<AwsEvent, 'account' | 'region'>, name: string): string | undefined {
  const known = account.safeParse(of.account).success && region.safeParse(of.region).success;
  return known ? `${ecrHost(of.account, of.region)}/${name}` : undefined;
}

function digestIn({ 'image-digest': digest }: { 'image-digest'?: string | null }): { digest?: string } {
  return typeof digest === 'string' && isDigest(digest) ? { digest } : {};
}
