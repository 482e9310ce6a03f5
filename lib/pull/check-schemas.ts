import type { Plan, PlannedApply } from '../kube/plan.ts';
import type { KindSchema } from '../kube/schema.ts';
import { checkFields } from '../kube/schema-check.ts';
import { each } from '../model/each.ts';
import type { Problem } from '../model/errors.ts';
import { groupOf } from '../model/object-id.ts';
import type { Cluster } from './ports.ts';
import { isCrd, type WantedObject } from './wanted.ts';

/** Doubtful objects that are tried at once. */
const trialsAtOnce = 16;

/** A plan without the objects that the API server would refuse for their fields, and all that is wrong with those. */
export interface Checked {
  plan: Plan;
  problems: Problem[];
}

/**
 * Compares what is about to be applied with the cluster's own schemas, before anything is written, so that a sync's mistakes come in one
 * report. What is found is tried by a dry run: where the API server takes the object it is right, and a schema was old.
 */
export async function checkSchemas(
  plan: Plan,
  wanted: readonly WantedObject[],
  cluster: Pick<Cluster, 'schema' | 'apply'>,
): Promise<Checked> {
  const places = new Map(wanted.map((object) => [object.id, object]));
  const all = plan.apply.flat();
  const changing = new Set(all.filter(({ object }) => isCrd(object)).map(({ object }) => kindDeclaredBy(object)));
  const settled = (planned: PlannedApply) =>
    places.get(planned.id)?.served === true && !changing.has(kindKey(planned.object));
  const checked = all.filter(settled);
  const schemas = await schemasOf(checked, cluster);
  const found = await each(checked, trialsAtOnce, (planned) =>
    check(planned, places.get(planned.id)!, schemas.get(versionKey(planned.object)), cluster),
  );
  const problems = found.flat();
  const refused = new Set(problems.map(({ object }) => object));
  const apply = plan.apply
    .map((group) => group.filter(({ id }) => !refused.has(id)))
    .filter((group) => group.length > 0);
  return { plan: refused.size === 0 ? plan : { ...plan, apply }, problems };
}

/** The schemas of all kinds, asked for at once. */
async function schemasOf(
  planned: readonly PlannedApply[],
  cluster: Pick<Cluster, 'schema'>,
): Promise<Map<string, KindSchema | undefined>> {
  const samples = new Map(planned.map(({ object }) => [versionKey(object), object]));
  const asked = [...samples].map(
    async ([key, { apiVersion, kind }]) => [key, await cluster.schema(apiVersion, kind)] as const,
  );
  return new Map(await Promise.all(asked));
}

async function check(
  { id, object }: PlannedApply,
  { origin, line, resource }: WantedObject,
  schema: KindSchema | undefined,
  cluster: Pick<Cluster, 'apply'>,
): Promise<Problem[]> {
  const fields = schema === undefined ? [] : checkFields(object, schema);
  if (fields.length === 0) return [];
  const trial = await cluster.apply(resource, object, { force: true, dryRun: true });
  if ('object' in trial || !isRefused(trial.failure.code, schema!)) return [];
  const where = { object: id, file: origin, ...(line !== undefined && { line }) };
  return fields.map(({ code, message, hint }) => ({ ...where, code, message, ...(hint !== undefined && { hint }) }));
}

/** A refusal for another reason, as for a namespace that is made in this sync, leaves it to the schema; one of a CRD may be old. */
function isRefused(code: string, { builtIn }: KindSchema): boolean {
  return code === 'invalid' || builtIn;
}

function versionKey({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return `${apiVersion} ${kind}`;
}

function kindKey({ apiVersion, kind }: { apiVersion: string; kind: string }): string {
  return `${groupOf(apiVersion)} ${kind}`;
}

function kindDeclaredBy(crd: PlannedApply['object']): string {
  const { group, names } = (crd['spec'] ?? {}) as { group?: string; names?: { kind?: string } };
  return `${group} ${names?.kind}`;
}
