import { z } from 'zod';
import { isDigest, isTag } from '../model/image-ref.ts';

/** A push that bump looks at: one tag of one repository. */
export interface Push {
  /** The event's own id. */
  id: string;
  /** ISO 8601, UTC, milliseconds (ECR tells seconds). */
  at: string;
  /** As windlass.yaml writes it: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web`. */
  repository: string;
  tag: string;
  digest?: string;
}

/** What a message of the queue turned out to be. An `ignored` one is recorded and done with: sending it again would not make it better. */
export type ReadEvent = { kind: 'push'; push: Push } | ({ kind: 'ignored' } & IgnoredEvent);

/** A message that nothing can be done about. */
export interface IgnoredEvent {
  id: string;
  /** ISO 8601, UTC, milliseconds. */
  at: string;
  /** The end of the sentence "The event ...". */
  reason: string;
  /** The beginning of its text, in one line. */
  excerpt: string;
}

/** What `pushEvent` builds an event from. */
export interface PushFacts {
  id: string;
  at: Date;
  account: string;
  region: string;
  repository: string;
  tag: string;
  digest: string;
}

const envelope = z.object({
  id: z.string().min(1).max(200),
  source: z.string(),
  'detail-type': z.string(),
  account: z.string(),
  region: z.string(),
  time: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

/** All but these three are optional in ECR's events (Amazon ECR user guide, "Amazon ECR events and EventBridge"). */
const imageAction = z.object({
  'action-type': z.string(),
  'repository-name': z
    .string()
    .regex(/^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/)
    .max(256),
  'image-digest': z.string().optional(),
  'image-tag': z.string().optional(),
  result: z.string().optional(),
});

const account = z.string().regex(/^\d{12}$/);
const region = z.string().regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/);

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

/** Reads the body of one message. Never throws: whatever is not a push of a tag is `ignored`, with the reason. The message's own id and time stand for those that the body lacks. */
export function readEvent(body: string, message: { id: string; at: string }): ReadEvent {
  const not = (reason: string, { id, at } = message): ReadEvent => ({
    kind: 'ignored',
    id,
    at,
    reason,
    excerpt: excerptOf(body),
  });
  const json = parseJson(body);
  if (json === undefined) return not('is not JSON');
  const event = envelope.safeParse(json);
  if (!event.success) return not(`is not an EventBridge event: ${wrong(event.error)}`);
  const at = Number.isNaN(Date.parse(event.data.time)) ? message.at : new Date(event.data.time).toISOString();
  return readImageAction(event.data, (reason) => not(reason, { id: event.data.id, at }), at);
}

function readImageAction(event: z.infer<typeof envelope>, not: (reason: string) => ReadEvent, at: string): ReadEvent {
  const { id, source, 'detail-type': type, detail } = event;
  if (source !== 'aws.ecr' || type !== 'ECR Image Action')
    return not(`is of another type: ${shown(source)} ${shown(type)}`);
  const action = imageAction.safeParse(detail);
  if (!action.success) return not(`is not an ECR Image Action: ${wrong(action.error)}`);
  const {
    'action-type': verb,
    result,
    'repository-name': name,
    'image-tag': tag,
    'image-digest': digest,
  } = action.data;
  if (verb !== 'PUSH') return not(`is no push but ${shown(verb)}`);
  if (result !== undefined && result !== 'SUCCESS')
    return not(`tells of a push that did not succeed: ${shown(result)}`);
  if (tag === undefined || tag === '') return not('has no tag: only a digest was pushed');
  if (!isTag(tag)) return not('has a tag that no registry allows');
  if (!account.safeParse(event.account).success || !region.safeParse(event.region).success) {
    return not('does not say which account and region it is of');
  }
  const repository = `${ecrHost(event.account, event.region)}/${name}`;
  return {
    kind: 'push',
    push: { id, at, repository, tag, ...(digest !== undefined && isDigest(digest) ? { digest } : {}) },
  };
}

/** The beginning of a message that nobody understood, in one line. What looks like a secret (a long run without a break) is left out. */
function excerptOf(body: string): string {
  const line = body
    .slice(0, 2000)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is shown on terminals and pages
    .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, ' ')
    .replace(
      /("?[\w-]*(?:secret|token|password|passwd|authorization|api-?key|credential)[\w-]*"?\s*[:=]\s*)("(?:[^"\\]|\\.)*"?|\S+)/gi,
      '$1***',
    )
    .replace(/[A-Za-z0-9+/_=-]{32,}/g, (run) => (/^[0-9a-f]+$/.test(run) ? run : '***'));
  return line.slice(0, 200);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function wrong(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'unknown shape'}`.slice(0, 200);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
