import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incidentKinds } from '../../lib/model/incident.ts';
import type { Notice } from '../../lib/model/messages.ts';
import type { SlackMessage, TopicMessage } from '../../lib/notify/ports.ts';
import { openingOf, resolvedMessage, slackMessage } from '../../lib/notify/render-slack.ts';
import { topicMessage } from '../../lib/notify/render-topic.ts';
import { cut, escapeSlack, inProse, visible } from '../../lib/notify/safe-text.ts';
import { hasControls, messageError } from '../standins/slack-rules.ts';
import { chatSchema } from './chat-rules.ts';
import { notice } from './notices.ts';

/** What somebody who may name an object, a manager or a label would try. */
const attempts = [
  '<!channel>',
  '<!here|here>',
  '@channel @Here @everyone',
  '<@U012AB3CD> <#C012AB3CD> <!subteam^S1>',
  '<https://evil.example|apps/Deployment/shop/web>',
  'https://evil.example/login',
  '[login](https://evil.example)',
  '&lt;!channel&gt; &amp;lt;',
  '*bold* _it_ ~gone~ `code` ```',
  '```\n<!channel>\n```',
  '> quoted\n> more',
  'web\u202egnp.exe \u2066hidden\u2069 \u200bzero\ufeff \u061c',
  'line\nbreak\r\u0000\u0007\u001b[31mred\u001b[0m\u0085',
  'half \ud83d and \udc00 of one',
  '\u{e0041}\u{e0042} tags',
  ':warning: :fire:',
  '{"version":"1.0"}',
  '😀'.repeat(2_000),
  '<'.repeat(5_000),
  '',
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...attempts), fc.string({ unit: 'binary', maxLength: 40 })))
  .map((parts) => parts.join(''));
const notices: fc.Arbitrary<Notice> = fc
  .record({
    state: fc.constantFrom('opened', 'changed', 'resolved'),
    about: fc.constantFrom(...incidentKinds),
    title: hostile,
    lines: fc.array(hostile, { maxLength: 60 }),
    incident: hostile,
    sync: hostile,
    cluster: hostile,
    namespaces: fc.array(hostile, { maxLength: 5 }),
  })
  .map(({ state, about, ...rest }) => notice(state as 'opened', about, rest));

/** Text of blocks, without what Windlass itself puts around it. */
function textsOf({ blocks }: SlackMessage): { code: string[]; prose: string[] } {
  const texts = blocks.flatMap((block) =>
    block.type === 'section' ? [block.text.text] : block.elements.map((part) => part.text),
  );
  const isCode = (text: string) => text.startsWith('```\n') && text.endsWith('\n```');
  return {
    code: texts.filter(isCode).map((text) => text.slice(4, -4)),
    prose: texts.filter((text) => !isCode(text)).slice(1),
  };
}

function checkSlack(message: SlackMessage): void {
  expect(messageError({ ...message })).toBeUndefined();
  expect(
    message.blocks.every((block) =>
      (block.type === 'section' ? [block.text] : block.elements).every(({ verbatim }) => verbatim),
    ),
  ).toBe(true);
  const { code, prose } = textsOf(message);
  for (const text of code) expect(text).not.toContain('`');
  for (const text of [...code, ...prose, message.text]) expect(text).not.toMatch(/[<>]|@(?:channel|here|everyone)/i);
  for (const text of prose.filter((one) => !/^_and \d+ more_$/.test(one))) expect(text).not.toMatch(/[*~`]|:\/\//);
}

function checkTopic({ subject, texts, attributes }: TopicMessage): void {
  expect(subject).toMatch(/^[A-Za-z][\x20-\x7e]{0,99}$/);
  const bytes =
    Buffer.byteLength(JSON.stringify(texts)) + Buffer.byteLength(JSON.stringify(attributes)) + subject.length;
  expect(bytes).toBeLessThan(262_144);
  const chat = chatSchema.parse(JSON.parse(texts['https']!));
  const inner = /^```\n([\s\S]*)\n```$/.exec(chat.content.description)![1]!;
  expect(inner).not.toMatch(/[`<>]|@(?:channel|here|everyone)/i);
  // No text of others is outside of the block of code.
  const outside = [chat.content.title, chat.metadata.summary, ...Object.values(chat.metadata.additionalContext)].join(
    '\n',
  );
  expect(outside).toMatch(/^[🔵🟡🔴🟢\w .,·?\n-]*$/u);
  for (const text of [texts.default, inner, texts['sms']!, ...Object.values(attributes).flat()])
    expect(hasControls(text)).toBe(false);
  expect([...Object.values(texts), ...Object.values(attributes).flat()].every(Boolean)).toBe(true);
  expect(texts.default.split('\n').slice(1).join('\n')).not.toContain('\u001b');
}

describe('whatever is in a name or a value', () => {
  it.each(attempts)('does no harm: %j', (attempt) => {
    const one = notice('opened', 'drift', {
      title: `x ${attempt}`,
      lines: [attempt, attempt],
      sync: attempt,
      incident: attempt || 'a',
    });
    checkSlack(slackMessage(one));
    checkSlack(resolvedMessage(notice('resolved', 'drift', { title: attempt }), openingOf(one)));
    checkTopic(topicMessage(one));
  });

  it('stays within all limits and rules', () => {
    fc.assert(
      fc.property(notices, (one) => {
        checkSlack(slackMessage(one));
        checkSlack(resolvedMessage(one, openingOf(one)));
        checkTopic(topicMessage(one));
      }),
      { numRuns: 150 },
    );
  });

  it('is kept whole where it can be read safely', () => {
    const one = notice('opened', 'drift', {
      title: 'apps/Deployment/my_app_ns/web <3 & more',
      lines: ['a_b: *, ~, "<none>"'],
    });
    const { code, prose } = textsOf(slackMessage(one));
    expect(prose[0]).toBe('apps/Deployment/my_app_ns/web &lt;3 &amp; more');
    expect(code).toEqual(['a_b: *, ~, "&lt;none&gt;"']);
    expect(JSON.parse(topicMessage(one).texts['sqs']!)).toMatchObject({ title: one.title, lines: one.lines });
  });

  it('is shown where it would hide or turn around', () => {
    expect(visible('a\u202eb\u200bc\n\u{e0041}\ud83d')).toBe('a\\u202eb\\u200bc\\u000a\\u{e0041}\ufffd');
    expect(inProse('https://evil.example _x_ a_b `c`')).toBe('https[:]//evil.example ＿x＿ a_b ˋcˋ');
  });
});

describe('what is too long', () => {
  it('is cut with a note, between characters and entities, and counted', () => {
    expect(cut('short', 10)).toBe('short');
    fc.assert(
      fc.property(hostile, fc.integer({ min: 60, max: 400 }), (text, limit) => {
        const out = cut(text.toWellFormed(), limit, escapeSlack);
        expect(out.length).toBeLessThanOrEqual(limit);
        expect(out.isWellFormed()).toBe(true);
        expect(out).not.toMatch(/&(?!amp;|lt;|gt;)/);
        if (out !== escapeSlack(text.toWellFormed())) expect(out).toMatch(/… \([\d,]+ characters\)$/);
      }),
    );
  });

  it('is told in less and less room until SNS takes it', () => {
    const lines = Array.from({ length: 1_000 }, () => 'ü€😀'.repeat(2_000));
    const message = topicMessage(notice('opened', 'drift', { lines, title: '€'.repeat(9_000) }));
    checkTopic(message);
    expect(JSON.parse(message.texts['sqs']!).lines.at(-1)).toMatch(/^and \d+ more$/);
  });

  it('names how many lines there are more', () => {
    const lines = Array.from({ length: 500 }, (_, index) => `${index}: ${'&'.repeat(200)}`);
    const one = notice('opened', 'drift', { lines });
    const { code, prose } = textsOf(slackMessage(one));
    const told = code.join('\n').split('\n').length;
    expect(prose).toContain(`_and ${500 - told} more_`);
    expect(told).toBeGreaterThan(10);
    expect(topicMessage(one).texts.default).toMatch(/\nand \d+ more\n/);
    expect(JSON.parse(topicMessage(one).texts['https']!).content.description).toContain('\nand more\n');
  });
});
