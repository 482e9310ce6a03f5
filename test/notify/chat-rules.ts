import { z } from 'zod';

const text = (longest: number) => z.string().min(1).max(longest);

/** The schema of Amazon Q Developer's custom notifications, with lengths well below any at which one was seen refused. */
export const chatSchema = z.strictObject({
  version: z.literal('1.0'),
  source: z.literal('custom'),
  id: text(64),
  content: z.strictObject({
    textType: z.literal('client-markdown'),
    title: text(250),
    description: text(8_000),
    keywords: z.array(text(100)),
  }),
  metadata: z.strictObject({
    threadId: text(64),
    summary: text(250),
    eventType: text(64),
    additionalContext: z.record(text(64), text(250)),
  }),
});
