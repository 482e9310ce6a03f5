import { Buffer } from 'node:buffer';
import type { Notice } from '../model/messages.ts';
import { noticeId, severityOf, storyOf, topicOf } from '../model/notice.ts';
import type { TopicMessage } from './ports.ts';
import { chatNotification } from './render-chat.ts';
import { plainText, type Room, someLines, subjectOf } from './render-text.ts';
import { cut, visible } from './safe-text.ts';
import { stateOf } from './words.ts';

/** SNS takes 262,144 bytes with attributes; the rest is for what surrounds them. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const longestMessage = 250_000;

/** How much of a notice is told, until it fits. */
const rooms: Room[] = [
  { lines: 200, text: 2_000 },
  { lines: 100, text: 500 },
  { lines: 30, text: 300 },
];

/**
 * A notice for an SNS topic: a text for people, Amazon Q Developer's own form where that subscribes (`https`), and JSON for programs, with
 * attributes that filter policies can choose by.
 */
export function topicMessage(notice: Notice): TopicMessage {
  let message = messageIn(notice, rooms[0]!);
  for (const room of rooms.slice(1)) {
    if (bytesOf(message) <= longestMessage) break;
    message = messageIn(notice, room);
  }
  return message;
}

function messageIn(notice: Notice, room: Room): TopicMessage {
  const text = plainText(notice, room);
  const chat = JSON.stringify(chatNotification(notice, room));
  const machine = JSON.stringify(forPrograms(notice, room));
  return {
    subject: subjectOf(notice),
    texts: {
      ...{ default: text, email: text, sms: cut(notice.title, 140, visible) || '-' },
      ...{ http: chat, https: chat },
      ...{ 'email-json': machine, sqs: machine, lambda: machine, firehose: machine },
    },
    attributes: attributesOf(notice),
    group: hashless(storyOf(notice)),
    id: noticeId(notice),
  };
}

/** What programs get; keys are only ever added. */
function forPrograms(notice: Notice, room: Room): Record<string, unknown> {
  const { kind, at, incident, about, cluster, sync } = notice;
  return {
    version: 1,
    id: noticeId(notice),
    kind: topicOf(notice) ?? kind,
    state: stateOf(notice),
    severity: severityOf(notice),
    at,
    title: cut(notice.title, room.text, visible),
    lines: someLines(notice.lines, room, visible),
    ...{ incident, about, cluster, sync },
    namespaces: notice.namespaces?.slice(0, 100),
  };
}

// SNS takes no empty value. Raw delivery to SQS drops a message with more than ten.
function attributesOf(notice: Notice): TopicMessage['attributes'] {
  const { cluster, sync, namespaces = [] } = notice;
  const named = namespaces.filter(Boolean);
  return {
    kind: topicOf(notice) ?? notice.kind,
    state: stateOf(notice),
    severity: severityOf(notice),
    ...(cluster && { cluster: cut(cluster, 100, visible) }),
    ...(sync && { sync: cut(sync, 100, visible) }),
    ...(named.length > 0 && { namespaces: named.slice(0, 100).map((name) => cut(name, 100, visible)) }),
  };
}

/** A FIFO topic takes 128 characters, letters, digits and punctuation. */
function hashless(story: string): string {
  return story.replace(/[^\x21-\x7e]/g, '-').slice(0, 128);
}

function bytesOf({ subject, texts, attributes }: TopicMessage): number {
  return Buffer.byteLength(JSON.stringify(texts)) + Buffer.byteLength(JSON.stringify([subject, attributes]));
}
