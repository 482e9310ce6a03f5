import type { Notice } from '../model/messages.ts';
import type { Delivery, SlackBlock, SlackMessage, SlackText } from './ports.ts';
import { cut, escapeSlack, inCode, inProse } from './safe-text.ts';
import { headlineOf, placeOf } from './words.ts';

/** Of a section's 3,000 characters; the rest is for what surrounds a text. https://docs.slack.dev/reference/block-kit/blocks/section-block */
const longestSection = 2_900;
/** Of the 50 blocks of a message: more is not read. */
const mostSections = 8;
const longestTitle = 1_000;
const longestLine = 600;
/** Slack cuts it at 40,000; it is what a phone shows. */
const longestText = 1_500;

/** A notice as a Slack message, within Slack's limits: with one thing over them it would be refused as a whole. */
export function slackMessage(notice: Notice): SlackMessage {
  return message(notice, notice.lines);
}

/** The first message of an incident once it is resolved: how it ended, and what it had said. */
export function resolvedMessage(notice: Notice, opening: NonNullable<Delivery['opening']>): SlackMessage {
  // The title of the end repeats that of the opening.
  return message(notice, opening.lines);
}

/** What is kept of a notice for the message that `resolvedMessage` makes. */
export function openingOf({ title, lines }: Notice): NonNullable<Delivery['opening']> {
  const kept = lines.slice(0, 50).map((line) => line.slice(0, 2 * longestLine).toWellFormed());
  return { title: title.slice(0, longestTitle).toWellFormed(), lines: kept };
}

function message(notice: Notice, lines: readonly string[]): SlackMessage {
  const { mark, words } = headlineOf(notice);
  const place = placeOf(notice);
  const where = place === undefined ? '' : ` · ${place}`;
  const title = cut(notice.title, longestTitle, prose);
  const blocks = [section(`${mark} *${words}*${where}`), section(title), ...codeOf(lines), context(notice)];
  const text = cut(`${words}${where}: ${notice.title}`, longestText, prose);
  return { text: `${mark} ${text}`, blocks };
}

/** Lines in blocks of code, as many to a section as fit; what does not fit in all is counted. */
function codeOf(lines: readonly string[]): SlackBlock[] {
  const sections: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const [index, line] of lines.entries()) {
    const text = cut(line, longestLine, code) || ' ';
    if (length + text.length + 1 > longestSection) {
      if (sections.length === mostSections) {
        return [...sections.map(codeSection), section(`_and ${lines.length - index} more_`)];
      }
      sections.push([]);
      length = 0;
    }
    sections.at(-1)!.push(text);
    length += text.length + 1;
  }
  return sections.map(codeSection);
}

const prose = (text: string) => escapeSlack(inProse(text));
const code = (text: string) => escapeSlack(inCode(text));

function codeSection(lines: readonly string[]): SlackBlock {
  return section(`\`\`\`\n${lines.join('\n')}\n\`\`\``);
}

function section(text: string): SlackBlock {
  // Slack takes no empty text.
  return { type: 'section', text: mrkdwn(text.trim() === '' ? '-' : text) };
}

function context({ at, incident }: Notice): SlackBlock {
  const about = incident === undefined ? [] : [mrkdwn(`incident ${cut(incident, 200, prose)}`)];
  return { type: 'context', elements: [mrkdwn(cut(at, 40, prose)), ...about] };
}

function mrkdwn(text: string): SlackText {
  return { type: 'mrkdwn', text, verbatim: true };
}
