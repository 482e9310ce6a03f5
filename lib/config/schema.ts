import * as z from 'zod';
import { driftSchema, ignoreSchema } from './drift-schema.ts';
import { guardMode, guardSchema } from './guard-schema.ts';
import { healthRuleSchema, kindName } from './health-schema.ts';
import { imageName, imageSchema, policyKinds } from './image-schema.ts';
import { destinationSchema, routeSchema } from './route-schema.ts';
import { accountName, allError, duration, name, notAll, rollbackMode } from './scalars.ts';
import { helmSchema, variableName } from './source-schema.ts';
import { targetAlternatives, targetSchema } from './target-schema.ts';
import { checkTemplate } from './template.ts';

const template = (part: 'subject' | 'body') =>
  z.string().superRefine((text, context) => {
    const problem = checkTemplate(text, part);
    if (problem === undefined) return;
    const hint = problem.hint === undefined ? '' : ` (${problem.hint})`;
    context.addIssue({ code: 'custom', message: `${problem.message}${hint}` });
  });

const environmentSchema = z.strictObject({
  cluster: name.optional().describe('The cluster that it is in; not needed where there is only one.'),
  update: z.enum(['commit', 'pull-request']).optional().describe('How new tags get into this environment.'),
});

const clusterSchema = z.strictObject({
  eks: z.string().min(1).optional().describe('The name of the EKS cluster.'),
  region: z.string().min(1).optional().describe('The AWS region that it is in.'),
  auditLog: z
    .boolean()
    .optional()
    .describe('Asks the audit log of the EKS cluster in CloudWatch who is behind a drift.'),
});

const pruneLimitSchema = z.strictObject({
  objects: z.int().min(0).max(1_000_000).optional().describe('More objects than this (10 unless told), and'),
  percent: z.number().min(0).max(100).optional().describe('more than this share of the sync (25 unless told).'),
});

const syncSchema = z.strictObject({
  path: z.string().describe('A directory from the root of the repo; {env} and {cluster} are filled in.'),
  helm: helmSchema.optional().describe('Renders a Helm chart: the one in the path, or another.'),
  variables: z
    .record(variableName, z.union([z.string(), z.int(), z.boolean()]))
    .optional()
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a variable is written
    .describe('Replaces ${NAME} in the values of all objects; {env} and {cluster} are filled in.'),
  cluster: name.optional().describe('The cluster; not needed where there is only one.'),
  in: z.array(name).min(1).optional().describe('The environments: the sync is expanded once for each of them.'),
  dependsOn: z.array(z.string()).optional().describe('Syncs of the same cluster that must be healthy first.'),
  wait: duration.optional().describe('How long a pull waits for health.'),
  prune: z.boolean().optional().describe('Deletes what has left Git.'),
  selfHeal: z.boolean().optional().describe('Puts back what was changed in the cluster.'),
  pruneLimit: pruneLimitSchema
    .optional()
    .describe('How many objects may leave Git at once before somebody has to approve.'),
  serviceAccount: accountName
    .optional()
    .describe('The service account of the namespace windlass-system that objects are read and written as.'),
  guard: guardMode.optional().describe('What happens to changes by hand: a warning for who makes one, or a refusal.'),
  rollback: rollbackMode.optional().describe('What happens to a bump that does not become healthy in it.'),
});

const label = z.string().regex(/^\S(?:[^\r\n,]{0,48}\S)?$/, {
  error: 'must be a label: up to 50 characters on one line, without a comma',
});
const reviewer = z.string().regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))(?:\/[A-Za-z0-9](?:[A-Za-z0-9._-]{0,99}))?$/, {
  error: 'must be a user, or a team as org/team, without an @',
});

/** windlass.yaml, as it is written. Durations and dates stay texts; `expand` reads them. */
export const windlassSchema = z.strictObject({
  windlass: z.literal(1).describe('The version of this format: 1.'),
  images: z
    .record(imageName, imageSchema)
    .optional()
    .describe('The images that are bumped, by the name that markers use.'),
  commits: z
    .strictObject({
      subject: template('subject').optional().describe('The first line: a template.'),
      body: template('body').optional().describe('What follows it: a template.'),
    })
    .optional()
    .describe("How bump's commits and pull requests are worded."),
  pullRequests: z
    .strictObject({
      labels: z.array(label).optional().describe('Labels that each gets.'),
      reviewers: z.array(reviewer).optional().describe('Who is asked to review: users, and teams as org/team.'),
      autoMerge: z.boolean().optional().describe('Lets the host merge it as soon as it may.'),
    })
    .optional()
    .describe("What bump's pull requests ask for."),
  environments: z.record(name, environmentSchema).optional().describe('The steps on the way to production, in order.'),
  clusters: z.record(name, clusterSchema).optional().describe('The clusters, by the name that they have in this file.'),
  syncs: z
    .record(name.refine(notAll, allError), syncSchema)
    .optional()
    .describe('The paths of the repo that belong in a cluster.'),
  health: z
    .record(kindName, healthRuleSchema)
    .optional()
    .describe('How health is told of kinds that the built-in rules do not know, by group/Kind.'),
  guard: guardSchema
    .optional()
    .describe('Whom the guard of syncs lets through, beside Windlass and the cluster itself.'),
  drift: driftSchema.optional().describe('How the cluster is compared with what was applied.'),
  rollback: z
    .strictObject({
      perHour: z
        .int()
        .min(1)
        .max(100)
        .optional()
        .describe('How many automatic rollbacks there are in an hour at most; 3 unless told.'),
    })
    .optional()
    .describe('The limits of automatic rollbacks.'),
  notify: z
    .strictObject({
      routes: z.array(routeSchema).optional().describe('Which notices go where. Each route that fits gets a notice.'),
      default: destinationSchema.optional().describe('Where a notice goes that fits no route.'),
    })
    .optional()
    .describe('Who is told.'),
});

/** windlass.yaml, as it is written. */
export type WindlassFile = z.infer<typeof windlassSchema>;

/** The JSON Schema (draft 7) of windlass.yaml, for editors. */
export function jsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(windlassSchema, {
    target: 'draft-7',
    io: 'input',
    override: ({ zodSchema, jsonSchema: written }) => {
      if (zodSchema === (imageSchema as unknown)) written.oneOf = policyKinds.map((kind) => ({ required: [kind] }));
      if (zodSchema === (targetSchema as unknown)) written.oneOf = targetAlternatives;
      if (zodSchema === (ignoreSchema as unknown)) written.anyOf = [{ required: ['path'] }, { required: ['manager'] }];
    },
  });
  return { ...schema, title: 'windlass.yaml', description: 'What Windlass does with a config repo.' };
}
