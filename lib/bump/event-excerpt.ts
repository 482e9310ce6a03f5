import type { z } from 'zod';

/** The beginning of a message that nobody understood, in one line. What looks like a secret (a long run without a break) is left out. */
export function excerptOf(body: string): string {
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

/** What is wrong first, with its place. */
export function wrongIn(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'unknown shape'}`.slice(0, 200);
}

/** A text of an event, as a message quotes it. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
