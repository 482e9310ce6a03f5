import { each } from '../../model/each.ts';
import { fewOf } from '../../model/shorten.ts';
import type { StackResource } from '../../model/stack-resource.ts';
import { looked, ok, type Said, unchecked, wrong } from './finding.ts';
import { type GrantedRole, grantsOf, type StackPlace } from './granted.ts';

/** An action that a role may not do, and what refuses it. */
export interface Denied {
  action: string;
  /** `nothing`: no policy allows it. */
  by: string;
}

/** What is asked of a stack's roles. */
export interface PermissionsDeps {
  stack: string;
  /** Undefined where CloudFormation does not say it. */
  place: StackPlace | undefined;
  resources(): Promise<StackResource[]>;
  /** The template that the stack was deployed from. */
  template(): Promise<unknown>;
  denied(
    role: string,
    wanted: {
      actions: readonly string[];
      resource: string;
      context: readonly { key: string; values: readonly string[] }[];
    },
  ): Promise<Denied[]>;
}

const mostShown = 6;
/** IAM takes few questions at once. */
const atOnce = 4;

/**
 * Holds what the stack's template grants to each role against what IAM says that the role may do now, permission by permission: a policy that somebody edited, a
 * permissions boundary and the organization's own rules are seen by that.
 */
export async function checkPermissions(deps: PermissionsDeps): Promise<Said[]> {
  const { place } = deps;
  if (place === undefined) return [unchecked('roles', `CloudFormation does not tell the ARN of ${deps.stack}`)];
  const [template, resources] = await Promise.all([deps.template(), deps.resources()]);
  const roles = grantsOf(template, resources, place);
  if (roles.length === 0)
    return [unchecked('roles', `the template of ${deps.stack} grants nothing to roles of its own`)];
  const found: Said[] = [];
  for (const role of roles) found.push(...(await looked(shortName(role), () => checkRole(role, deps))));
  return found;
}

async function checkRole(granted: GrantedRole, { stack, denied }: PermissionsDeps): Promise<Said> {
  const what = shortName(granted);
  const questions = granted.statements.flatMap(({ actions, resources, context }) =>
    resources.map((resource) => ({ actions, resource, context })),
  );
  const answers = await each(questions, atOnce, async (question) =>
    (await denied(granted.role, question)).map(({ action, by }) => ({ text: `${action} on ${question.resource}`, by })),
  );
  const count = questions.reduce((sum, { actions }) => sum + actions.length, 0);
  const unknown = granted.statements.reduce((sum, { unresolved }) => sum + unresolved, 0);
  const lost = answers.flat();
  const rest = unknown === 0 ? '' : ` (${unknown} resources cannot be told from the template)`;
  if (lost.length === 0) return ok(what, `each of its ${count} permissions is granted${rest}`);
  const text = `lacks ${lost.length} of ${count} permissions: ${fewOf(
    lost.map((one) => one.text),
    mostShown,
  )}${rest}`;
  return wrong(what, text, mendFor(new Set(lost.map(({ by }) => by)), stack));
}

function mendFor(by: ReadonlySet<string>, stack: string): string {
  const reasons = [
    ...(by.has('organization') ? ['a policy of the AWS organization refuses it: ask who administers that'] : []),
    ...(by.has('boundary') ? ['the permissions boundary of the role refuses it: widen that'] : []),
    ...(by.has('deny') ? ['a policy denies it by name: look for Deny among the policies of the role'] : []),
    ...(by.has('nothing')
      ? [
          `no policy allows it: somebody changed the role; take the change back, or let npx cdk deploy ${stack} make it anew`,
        ]
      : []),
  ];
  return reasons.join('\n');
}

/** `WindlassBumpRole1A2B3C4D` is the role of `Bump`. */
function shortName({ id }: Pick<GrantedRole, 'id'>): string {
  return /^(?:Windlass)?(.+?)(?:Service)?Role(?:DefaultPolicy)?[0-9A-F]{8}$/.exec(id)?.[1] ?? id;
}
