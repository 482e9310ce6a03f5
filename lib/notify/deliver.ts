import { UserError } from '../model/errors.ts';
import type { Notice } from '../model/messages.ts';
import type { Delivery, Posted, Slack, SlackChannel, Topics } from './ports.ts';
import { openingOf, resolvedMessage, slackMessage } from './render-slack.ts';
import { topicMessage } from './render-topic.ts';
import type { Destination } from './route.ts';
import { stateOf } from './words.ts';

/** The ways out. */
export interface Channels {
  slack: Slack;
  topics: Topics;
}

/** What a delivery left behind: the first message of a thread. */
export type Sent = Pick<Delivery, 'posted' | 'opening'>;

/**
 * Sends a notice to one destination, after what was sent there of the same story. Throws `RetryableError` for what may pass, `UserError` when the
 * destination refuses.
 */
export async function deliver(
  notice: Notice,
  destination: Destination,
  past: readonly Delivery[],
  { slack, topics }: Channels,
): Promise<Sent> {
  if ('slack' in destination) return deliverToSlack(notice, destination.slack, past, slack);
  await topics.publish(destination.topic, topicMessage(notice));
  return {};
}

/** The first message of an incident begins a thread; the end is written into it, and told in the thread for those who follow that. */
async function deliverToSlack(
  notice: Notice,
  to: SlackChannel,
  past: readonly Delivery[],
  slack: Slack,
): Promise<Sent> {
  const first = past.findLast(({ posted }) => posted !== undefined);
  if (first?.posted === undefined) return postFirst(notice, to, slack);
  if (stateOf(notice) === 'resolved' && first.opening !== undefined) {
    await slack.update(to, resolvedMessage(notice, first.opening), first.posted);
  }
  return (await reply(notice, to, first.posted, slack)) ? {} : postFirst(notice, to, slack);
}

async function postFirst(notice: Notice, to: SlackChannel, slack: Slack): Promise<Sent> {
  const posted = await slack.post(to, slackMessage(notice));
  return posted === undefined ? {} : { posted, opening: openingOf(notice) };
}

/** False when the thread is gone. */
async function reply(notice: Notice, to: SlackChannel, thread: Posted, slack: Slack): Promise<boolean> {
  try {
    await slack.post(to, slackMessage(notice), thread);
    return true;
  } catch (error) {
    if (error instanceof UserError && error.code === 'slack-thread-gone') return false;
    throw error;
  }
}
