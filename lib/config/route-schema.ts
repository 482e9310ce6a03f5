import * as z from 'zod';
import { severities, topics } from '../model/notice.ts';

const slackSchema = z.strictObject({
  channel: z
    .string()
    .regex(/^#?[^\s#,<>@&]{1,80}$/, { error: 'must be a channel like "#oncall", or the id of one' })
    .optional()
    .describe('The channel, like "#oncall", or its id. Not needed with the address of an incoming webhook.'),
  secret: z
    .string()
    .min(1)
    .describe('The name of the secret that holds the token of a bot, or the address of an incoming webhook.'),
});

const destination = {
  slack: slackSchema.optional().describe('Sends them to a Slack channel.'),
  sns: z
    .string()
    .regex(/^(?:arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:)?[A-Za-z0-9_-]{1,250}(?:\.fifo)?$/, {
      error: 'must be the name of an SNS topic, or its ARN',
    })
    .optional()
    .describe('Sends them to an SNS topic: its name, or its ARN.'),
};

const isOne = ({ slack, sns }: { slack?: unknown; sns?: unknown }) => (slack === undefined) !== (sns === undefined);
const oneError = { error: 'needs one of slack and sns' };

/** Where notices go: a Slack channel or an SNS topic. */
export const destinationSchema = z.strictObject(destination).refine(isOne, oneError);

/** Which notices go where. */
export const routeSchema = z
  .strictObject({
    on: z.array(z.enum(topics)).min(1).optional().describe('What they are about; anything unless told.'),
    syncs: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Only those of these syncs: keys, which stand for all that they expand to, or expanded names.'),
    namespaces: z
      .array(z.string().regex(/^[a-z0-9*-]{1,63}$/, { error: 'must be a namespace, where * stands for any text' }))
      .min(1)
      .optional()
      .describe('Only those about an object in one of these namespaces; * stands for any text.'),
    severity: z.enum(severities).optional().describe('Only those that are as bad as this, or worse.'),
    ...destination,
  })
  .refine(isOne, oneError);
