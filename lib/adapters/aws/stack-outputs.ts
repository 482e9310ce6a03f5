import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { isTrouble, messageOf, RetryableError, UserError } from '../../model/errors.ts';
import { patience } from './patience.ts';

/** What was found of a stack. */
export interface DeployedStack {
  /** Where it is, or was looked for. */
  region: string;
  /** Its ARN, where there is such a stack. */
  id?: string;
  /** By their keys; absent where there is no such stack. */
  outputs?: Record<string, string>;
}

/** What the user can mend, by the SDK's names of errors. */
const mendable: Readonly<Record<string, string>> = {
  AccessDenied: 'allow yourself cloudformation:DescribeStacks',
  AccessDeniedException: 'allow yourself cloudformation:DescribeStacks',
  CredentialsProviderError: 'set AWS_PROFILE to a profile of your AWS settings, and sign in with the AWS CLI',
  ExpiredToken: 'sign in again',
  ExpiredTokenException: 'sign in again',
  InvalidClientTokenId: 'AWS does not know these credentials',
  UnrecognizedClientException: 'AWS does not know these credentials',
  SignatureDoesNotMatch: 'are the keys right, and does the clock here agree with the world?',
};

/**
 * Reads what a stack tells of itself, with this machine's credentials, and in their region unless told; `profile` is one of the AWS settings. Throws `UserError` where there are no credentials or region, AWS refuses, or the stack is broken; `RetryableError` where it is being
 * made, or AWS does not answer.
 */
export async function readStack(
  name: string,
  { region: asked, profile }: { region?: string | undefined; profile?: string | undefined },
): Promise<DeployedStack> {
  const client = new CloudFormationClient({
    ...patience,
    ...(asked !== undefined && { region: asked }),
    ...(profile !== undefined && { profile }),
  });
  let region = '';
  try {
    region = await regionOf(client);
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    if (stack === undefined || stack.StackStatus === 'DELETE_COMPLETE') return { region };
    checkStatus(name, stack);
    const told = (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]);
    return { region, ...(stack.StackId && { id: stack.StackId }), outputs: Object.fromEntries(told) };
  } catch (error) {
    if (isTrouble(error)) throw error;
    if (error instanceof Error && /does not exist/.test(error.message)) return { region };
    throw trouble(error, name);
  } finally {
    client.destroy();
  }
}

async function regionOf(client: CloudFormationClient): Promise<string> {
  try {
    return await client.config.region();
  } catch (cause) {
    throw new UserError('the AWS region is not known: give --region, or set AWS_REGION', {
      code: 'aws-settings',
      cause,
    });
  }
}

/** A stack that was rolled back to what it was before an update has its outputs still. */
function checkStatus(name: string, { StackStatus, StackStatusReason: reason }: Stack): void {
  const status = StackStatus ?? 'unknown';
  const details = { code: 'stack-not-ready', subject: name };
  const said = `the stack ${name} is not deployed: its state is ${status}${reason ? ` (${reason})` : ''}`;
  if (/^(?:CREATE|REVIEW|IMPORT)_IN_PROGRESS$/.test(status))
    throw new RetryableError(`${said}: wait until it is`, details);
  if (/^(?:CREATE_FAILED|ROLLBACK_|DELETE_|IMPORT_ROLLBACK_)/.test(status))
    throw new UserError(`${said}: look at its events, mend what failed, and run npx cdk deploy`, details);
}

function trouble(error: unknown, stack: string): Error {
  const name = error instanceof Error ? error.name : '';
  const message = `CloudFormation tells nothing of the stack ${stack}: ${name}: ${messageOf(error)}`;
  const todo = mendable[name];
  if (todo !== undefined) return new UserError(`${message}\n${todo}`, { code: 'aws-access', subject: stack });
  return new RetryableError(message, { code: 'aws-unreachable', subject: stack });
}
