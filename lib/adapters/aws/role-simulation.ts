import { type EvaluationResult, IAMClient, paginateSimulatePrincipalPolicy } from '@aws-sdk/client-iam';
import { asked } from './not-allowed.ts';
import { patience } from './patience.ts';

/** What a role is to be allowed, as one statement of a policy says it of one resource. */
export interface WantedActions {
  actions: readonly string[];
  resource: string;
  /** Keys of the request that the statement's conditions look at, each with values that fit. */
  context: readonly { key: string; values: readonly string[] }[];
}

/** IAM asks for patience sooner than other services do. */
const tries = 8;

/**
 * Asks IAM what a role may do, by all policies that are in force for it; nothing is done by that. Gives the actions that it may not do. Throws `UserError`
 * with the code `not-allowed` where whoever asks may not know.
 */
export function openRoleSimulation({ region, profile }: { region: string; profile?: string | undefined }) {
  const where = { region, ...(profile !== undefined && { profile }) };
  const client = new IAMClient({ ...patience, ...where, maxAttempts: tries });
  return {
    denied: (role: string, { actions, resource, context }: WantedActions) =>
      asked('iam:SimulatePrincipalPolicy', async () => {
        const ContextEntries = context.map(({ key, values }) => ({
          ...{ ContextKeyName: key, ContextKeyValues: [...values] },
          ContextKeyType:
            key === 'dynamodb:LeadingKeys' || key === 'events:source' ? ('stringList' as const) : ('string' as const),
        }));
        const request = {
          ...{ PolicySourceArn: role, ActionNames: [...actions], ResourceArns: [resource] },
          ...(ContextEntries.length > 0 && { ContextEntries }),
        };
        const found: DeniedAction[] = [];
        for await (const { EvaluationResults = [] } of paginateSimulatePrincipalPolicy({ client }, request))
          for (const result of EvaluationResults)
            if (result.EvalDecision !== 'allowed')
              found.push({ action: result.EvalActionName ?? '', by: whatDenies(result) });
        return found;
      }),
    close: () => client.destroy(),
  };
}

interface DeniedAction {
  action: string;
  by: string;
}

/** A policy of the organization, the role's boundary, a statement that denies, or nothing that allows. */
function whatDenies(result: EvaluationResult): string {
  if (result.OrganizationsDecisionDetail?.AllowedByOrganizations === false) return 'organization';
  if (result.PermissionsBoundaryDecisionDetail?.AllowedByPermissionsBoundary === false) return 'boundary';
  return result.EvalDecision === 'explicitDeny' ? 'deny' : 'nothing';
}
