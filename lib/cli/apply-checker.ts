import { checkerComponent } from '../install/checker.ts';
import { componentLabel } from '../install/names.ts';
import { syncLabel } from '../kube/normalise.ts';
import { type KubeObject, nameOf, objectIdOf } from '../model/kube-object.ts';
import { type Difference, differences } from '../pull/differences.ts';
import type { Cluster, Resource } from '../pull/ports.ts';
import { tellManaged } from './apply-installation.ts';
import { ask } from './ask.ts';
import type { Args, ExitCode, Io } from './command.ts';
import { type Declared, isDeclaredSo } from './installed-already.ts';
import { fieldLine } from './output/outcome.ts';
import { styleFor } from './output/style.ts';

/** The rights of the scheduled check that are to be given, and what to tell about them. */
export interface PlannedChecker {
  manifests: KubeObject[];
  lines: string[];
  declared: Declared;
}

/** One object as a dry run met it. */
interface Tried {
  object: KubeObject;
  resource: Resource;
  action: 'created' | 'configured' | 'unchanged';
  fields: Difference[];
}

/** There are no Secrets among these objects: nothing is hashed. */
const noKey = new Uint8Array();

/**
 * Shows what would change of the rights of the scheduled check, asks, and applies exactly these objects: no record, no lease, no namespace. Refuses
 * to touch an object of the same name that somebody else made.
 */
export async function applyChecker(
  args: Args,
  io: Io,
  { planned, cluster }: { planned: PlannedChecker; cluster: Cluster },
): Promise<ExitCode> {
  const { manifests, declared } = planned;
  const sync = manifests.flatMap((one) => declared.get(nameOf(one))?.sync ?? [])[0];
  if (sync !== undefined && !manifests.every((one) => isDeclaredSo(one, declared)))
    return tellManaged(io, 'what the check may do', sync);
  const tried: Tried[] = [];
  for (const object of manifests) {
    const one = sync === undefined ? await tryOne(object, cluster) : undefined;
    if (typeof one === 'object' && 'refused' in one) return refuse(io, object, one.refused, one.code);
    if (one !== undefined) tried.push(one);
  }
  const changing = tried.filter(({ action }) => action !== 'unchanged');
  if (changing.length === 0) {
    const who = sync === undefined ? '' : `; sync ${sync} manages them`;
    io.stdout.write(`${manifests.length} objects, and all are as they should be${who}\n`);
    return 0;
  }
  const style = styleFor(io.stdout, io.env);
  for (const { action, object, fields } of changing) {
    io.stdout.write(`${action === 'created' ? style.green(action) : style.yellow(action)}  ${nameOf(object)}\n`);
    for (const field of fields) io.stdout.write(`    ${fieldLine(field, style)}\n`);
  }
  if (!(await ask(io, 'Give these rights?', { yes: args.flag('yes') }))) {
    io.stdout.write('nothing was changed\n');
    return 1;
  }
  for (const { object, resource } of changing) {
    const answer = await cluster.apply(resource, object, { force: true, dryRun: false });
    if ('failure' in answer) return refuse(io, object, answer.failure.message, answer.failure.retryable ? 3 : 2);
  }
  io.stdout.write('given\n');
  return 0;
}

interface Refused {
  refused: string;
  code: ExitCode;
}

async function tryOne(object: KubeObject, cluster: Cluster): Promise<Tried | Refused> {
  const resource = await cluster.resource(object.apiVersion, object.kind);
  if (resource === undefined) return { refused: `the cluster does not serve ${object.apiVersion}`, code: 2 };
  const live = await cluster.get(resource, objectIdOf(object));
  const others = live && whoseElse(live);
  if (others !== undefined) return { refused: others, code: 2 };
  const answer = await cluster.apply(resource, object, { force: true, dryRun: true });
  if ('failure' in answer) return { refused: answer.failure.message, code: answer.failure.retryable ? 3 : 2 };
  if (live === undefined) return { object, resource, action: 'created', fields: [] };
  const fields = differences(live, answer.object, noKey);
  return { object, resource, action: fields.length === 0 ? 'unchanged' : 'configured', fields };
}

/** Why an object that is there is not to be changed; undefined for one that an earlier run made. */
function whoseElse({ metadata }: KubeObject): string | undefined {
  const sync = metadata.labels?.[syncLabel];
  if (sync !== undefined) return `sync ${sync} manages it: change it in Git, or take its label ${syncLabel} away`;
  if (metadata.labels?.[componentLabel] === checkerComponent) return undefined;
  return `it is there and was not made by windlass install: delete it, or give it the label ${componentLabel}=${checkerComponent}`;
}

function refuse(io: Io, object: KubeObject, why: string, code: ExitCode): ExitCode {
  io.stdout.write(`error ${nameOf(object)}: ${why}\n`);
  return code;
}
