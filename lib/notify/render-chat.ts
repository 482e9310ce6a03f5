import { createHash } from 'node:crypto';
import type { Notice } from '../model/messages.ts';
import { noticeId, severityOf, storyOf, topicOf } from '../model/notice.ts';
import { type Room, someLines } from './render-text.ts';
import { cut, inCode } from './safe-text.ts';
import { headlineOf, placeOf, stateOf } from './words.ts';

/** Amazon Q Developer in chat applications takes this and drops plain texts. https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html */
export interface ChatNotification {
  version: '1.0';
  source: 'custom';
  id: string;
  content: { textType: 'client-markdown'; title: string; description: string; keywords: string[] };
  metadata: { threadId: string; summary: string; eventType: string; additionalContext: Record<string, string> };
}

/** AWS does not publish its limits; far below these nothing was ever refused. */
const longestDescription = 7_500;

/**
 * A notice for Amazon Q Developer, which shows it in Slack or Microsoft Teams in that one's own markdown. All text of others is in one block of
 * code, where neither makes links, mentions or emphasis; as it is not known who escapes, what needs it is replaced by look-alikes.
 */
export function chatNotification(notice: Notice, room: Room): ChatNotification {
  const { mark, words } = headlineOf(notice);
  const place = placeOf(notice);
  const title = `${mark} ${words}${place === undefined ? '' : ` · ${place}`}`;
  const topic = topicOf(notice) ?? notice.kind;
  return {
    version: '1.0',
    source: 'custom',
    id: noticeId(notice),
    content: { textType: 'client-markdown', title, description: description(notice, room), keywords: [topic] },
    metadata: {
      threadId: createHash('sha256').update(storyOf(notice)).digest('hex').slice(0, 32),
      summary: title,
      eventType: 'Windlass',
      additionalContext: {
        kind: topic,
        state: stateOf(notice),
        severity: severityOf(notice),
        ...(place !== undefined && { place }),
      },
    },
  };
}

function description(notice: Notice, room: Room): string {
  const small = { lines: Math.min(room.lines, 50), text: Math.min(room.text, 500) };
  const lines = [cut(notice.title, small.text, code), ...someLines(notice.lines, small, code)];
  const kept: string[] = [];
  let left = longestDescription;
  for (const line of lines) {
    left -= line.length + 1;
    if (left < 0) break;
    kept.push(line);
  }
  if (kept.length < lines.length) kept.push('and more');
  return `\`\`\`\n${kept.join('\n')}\n\`\`\``;
}

function code(text: string): string {
  return inCode(text).replace(/[<>]/g, (character) => ({ '<': '‹', '>': '›' })[character]!);
}
