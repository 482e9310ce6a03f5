import * as z from 'zod';

/** What happens to a change by hand of a sync's objects. */
export const guardMode = z.enum(['warn', 'deny']);

const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';

const account = z.string().regex(new RegExp(`^${label}/(?:\\*|${label}(?:\\.${label})*)$`), {
  error: 'must be a service account as namespace/name, or namespace/* for all of a namespace',
});

/** `system:masters` would let every administrator of the cluster through, `system:authenticated` everybody. */
const group = z
  .string()
  .min(1)
  .refine((text) => !text.startsWith('system:'), {
    error: 'must be a group of people, none of the cluster (system:...)',
  });

/** Whom the guard lets through, as it is written. */
export const guardSchema = z.strictObject({
  breakGlass: z
    .strictObject({
      users: z.array(z.string().min(1)).optional().describe('Users, as the API server names them.'),
      groups: z.array(group).optional().describe('Groups, as the API server names them.'),
    })
    .optional()
    .describe('People who may change what is guarded.'),
  serviceAccounts: z
    .union([z.literal('all'), z.array(account)])
    .optional()
    .describe('Service accounts that count as controllers: all (the default), or a list.'),
});
