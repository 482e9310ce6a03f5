/**
 * Slack's documented rules for the parts of messages that are used: undefined, or the name of the error that Slack answers with.
 * https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/reference/methods/chat.postMessage
 */
export function messageError(body: Record<string, unknown>): string | undefined {
  const { text, blocks } = body;
  if (typeof text !== 'string' || text === '') return 'no_text';
  if (text.length > 40_000) return 'msg_too_long';
  if (hasControls(text) || hasMarkup(text)) return 'unsafe_text_of_the_test';
  if (blocks === undefined) return undefined;
  if (!Array.isArray(blocks) || blocks.length > 50) return 'invalid_blocks';
  return blocks.every(isBlock) ? undefined : 'invalid_blocks';
}

function isBlock(block: { type?: unknown; text?: unknown; elements?: unknown[] }): boolean {
  if (block.type === 'section') return isText(block.text, 3_000) && hasOnly(block, ['type', 'text']);
  if (block.type !== 'context' || !Array.isArray(block.elements) || !hasOnly(block, ['type', 'elements'])) return false;
  const { length } = block.elements;
  return length >= 1 && length <= 10 && block.elements.every((element) => isText(element, 3_000));
}

function isText(text: unknown, longest: number): boolean {
  if (typeof text !== 'object' || text === null) return false;
  const { type, text: content, verbatim } = text as Record<string, unknown>;
  if (type !== 'mrkdwn' || typeof content !== 'string') return false;
  if (verbatim !== undefined && typeof verbatim !== 'boolean') return false;
  return content.length >= 1 && content.length <= longest && !hasControls(content) && !hasMarkup(content);
}

function hasOnly(value: object, keys: string[]): boolean {
  return Object.keys(value).every((key) => keys.includes(key));
}

/** Slack reads a link, a mention or a call from `<` to `>`, and an entity from any other `&`: nothing that Windlass sends has one. */
function hasMarkup(text: string): boolean {
  return /[<>]|&(?!(?:amp|lt|gt);)/.test(text);
}

/** Characters that change how a text is shown: control and direction characters, halves of characters. Lines may end. */
export function hasControls(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be sent
  const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;
  return controls.test(text) || !text.isWellFormed();
}
