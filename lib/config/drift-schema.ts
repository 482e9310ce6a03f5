import * as z from 'zod';
import { readPathPattern } from '../kube/drift-rules-path.ts';
import { limitsSchema } from './drift-limits.ts';
import { date, duration } from './scalars.ts';

const objectGlob = z.string().regex(/^(?:[a-z*][a-z0-9.*-]*\/)?[A-Z*][A-Za-z0-9*]*(?:\/[^/]+){1,2}$/, {
  error: 'must be an object like apps/Deployment/shop/web, where * stands for any text without a slash',
});

const path = z.string().refine((text) => readPathPattern(text) !== undefined, {
  error: 'must be a path like spec.template.spec.containers[name=web].image, or a JSON Pointer like /spec/replicas',
});

const manager = z
  .string()
  .regex(/^\S+$/, { error: 'must be the name of a field manager, where * stands for any text: mesh-*' });

/** One rule of `drift.ignore`, as it is written. */
export const ignoreSchema = z.strictObject({
  object: objectGlob.describe('The object, as it is written everywhere; * stands for any text without a slash.'),
  path: path
    .optional()
    .describe('A path as drift shows it, where * stands for any text, or a JSON Pointer; all below it is ignored too.'),
  manager: manager.optional().describe('Only what this field manager did; * stands for any text.'),
  why: z.string().optional().describe('For the readers of the file.'),
  until: date.optional().describe('The rule is void after this date or time.'),
});

const namespaceGlob = z.string().regex(/^[a-z0-9*](?:[a-z0-9*-]*[a-z0-9*])?$/, {
  error: 'must be the name of a namespace, where * stands for any text: shop-*',
});

const managersSchema = z.strictObject({
  alert: z.array(manager).optional().describe("Field managers that count as people's tools: what they add is drift."),
  silent: z
    .array(manager)
    .optional()
    .describe('Field managers that count as controllers: what they set is left to them.'),
});

const unmanagedSchema = z.strictObject({
  namespaces: z.array(namespaceGlob).min(1).describe('The namespaces; * stands for any text.'),
  ignore: z.array(objectGlob).optional().describe('Objects that may be there; * stands for any text without a slash.'),
});

/** `drift` of windlass.yaml, as it is written. */
export const driftSchema = z.strictObject({
  ignore: z.array(ignoreSchema).optional().describe('Differences that are not drift.'),
  managers: managersSchema.optional().describe('Whose tools count as what, beside the built-in table.'),
  unmanaged: unmanagedSchema.optional().describe('Where objects that nobody declared are drift.'),
  grace: duration.optional().describe('How long something may drift before people are told; at once unless told.'),
  limits: limitsSchema.optional().describe('How long other things may last before people are told.'),
});
