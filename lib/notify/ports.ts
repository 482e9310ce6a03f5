import type { NotifyRules } from '../config/config.ts';
import type { AuditRecord } from '../model/audit-record.ts';

/** Where a Slack message goes, and by which secret. */
export interface SlackChannel {
  /** Absent where the secret holds the address of an incoming webhook, which has its own. */
  channel?: string;
  secret: string;
}

/** Where a message of a bot is: the channel's id, and the message's timestamp, which names it there. */
export interface Posted {
  channel: string;
  ts: string;
}

/** A message as Slack takes it: Block Kit, and a text for notifications and screen readers. */
export interface SlackMessage {
  text: string;
  blocks: SlackBlock[];
}

/** Text of Block Kit: `verbatim` keeps Slack from making links and mentions of what looks like some. */
export interface SlackText {
  type: 'mrkdwn';
  text: string;
  verbatim: true;
}

/** The blocks that are used. https://docs.slack.dev/reference/block-kit/blocks */
export type SlackBlock = { type: 'section'; text: SlackText } | { type: 'context'; elements: SlackText[] };

/**
 * Slack. Every method throws `RetryableError` for what may pass, with the seconds that Slack asks to wait, and `UserError` for what a person must
 * mend: the channel, the token, its rights.
 */
export interface Slack {
  /** Posts a message, or a reply in the thread of another. Undefined for an incoming webhook, which tells nothing of what it posted, and has no threads. */
  post(to: SlackChannel, message: SlackMessage, thread?: Posted): Promise<Posted | undefined>;
  /** Changes a message. False when that is not possible any more: it was deleted, is too old to be changed, or another bot's. */
  update(to: SlackChannel, message: SlackMessage, at: Posted): Promise<boolean>;
}

/** A message to an SNS topic. */
export interface TopicMessage {
  /** Of e-mails: ASCII, one line of at most 100 characters. */
  subject: string;
  /** A text for each protocol of subscriptions, and `default`. */
  texts: { default: string } & Record<string, string>;
  /** For filter policies: a text, or a list of them. */
  attributes: Record<string, string | string[]>;
  /** Of a FIFO topic: what is to stay in order, and what is the same message. */
  group: string;
  id: string;
}

/** SNS. Throws `RetryableError` for what may pass, `UserError` for what a person must mend. */
export interface Topics {
  /** Publishes to a topic, given by its name or ARN. */
  publish(topic: string, message: TopicMessage): Promise<void>;
}

/** That a notice was sent to a destination, or that it cannot be. */
export interface Delivery {
  /** The incident; for a notice of none, the notice. */
  story: string;
  /** The id of the notice. */
  notice: string;
  /** The id of the destination. */
  destination: string;
  /** ISO 8601, UTC. */
  at: string;
  result: 'sent' | 'refused';
  /** The first message of the story in Slack, where this is the delivery that posted it. */
  posted?: Posted;
  /** What that message said: the end of the incident is written into it. */
  opening?: { title: string; lines: string[] };
}

/** What was sent where. Methods throw `RetryableError` for a table that is throttled or away, `UserError` for an item that is broken. */
export interface Deliveries {
  /** Those of a story, in the order of their time. */
  of(story: string): Promise<Delivery[]>;
  save(delivery: Delivery): Promise<void>;
}

/** The rules of the last valid windlass.yaml: that it is broken now is itself a notice. */
export type ReadRules = () => Promise<NotifyRules>;

/** Where it is written down that a notice could not be sent. */
export interface AuditTrail {
  append(records: AuditRecord[]): Promise<void>;
}
