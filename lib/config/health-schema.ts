import * as z from 'zod';

/** A kind as it stands in an object's name: `apps/Deployment`, `ConfigMap` in the core group. */
export const kindName = z
  .string()
  .regex(/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\/)?[A-Z][A-Za-z0-9]*$/, {
    error:
      'a kind is written with its group and without a version: cert-manager.io/Certificate, or ConfigMap in the core group',
  });

/** Far more than a rule needs, and little enough to be read with every look at an object. */
const longestExpression = 4096;

const expression = z
  .string()
  .refine((text) => text.trim() !== '', { error: 'must be a CEL expression' })
  .refine((text) => text.length <= longestExpression, { error: `must have up to ${longestExpression} characters` });

/** How the health of one kind is told, as it is written. Whether the expressions can be compiled is not looked at here. */
export const healthRuleSchema = z.strictObject({
  current: expression.describe('A CEL expression over the live object: true when it is healthy.'),
  inProgress: expression.optional().describe('True while it is on its way; asked before failed and current.'),
  failed: expression.optional().describe('True when it has failed and will not mend itself; asked before current.'),
});
