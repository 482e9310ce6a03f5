import { Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { UserError } from '../model/errors.ts';

/** Bytes of names and values that Lambda takes. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const mostEnvironment = 4096;

/** Characters that CloudFormation puts behind a name that it makes, and that a queue's name has at most. */
const [made, longestName] = [14 + '.fifo'.length, 80];
/** Characters of an address or ARN besides its name: `https://sqs.ap-southeast-2.amazonaws.com/123456789012/`. */
const aroundName = 56;

/** Throws `UserError` where a function (`file`) would be told more than Lambda takes, in which the names are counted that are made at the deployment. */
export function checkEnvironment(scope: Construct, file: string, environment: Readonly<Record<string, string>>): void {
  const stack = Stack.of(scope);
  const stackName = Token.isUnresolved(stack.stackName) ? longestName : stack.stackName.length;
  const nameOf = (logicalId: string) => Math.min(longestName, stackName + 1 + logicalId.length + made);
  const bytes = Object.entries(environment)
    .map(([name, value]) => name.length + bytesOf(stack.resolve(value), nameOf))
    .reduce((sum, one) => sum + one, 0);
  if (bytes <= mostEnvironment) return;
  const message = `the function ${file} would be told ${bytes} bytes, and Lambda takes ${mostEnvironment}`;
  throw new UserError(`${message}: divide the clusters among several stacks of Windlass`, { code: 'stack-props' });
}

/** How long a value gets, as CloudFormation resolves it. */
function bytesOf(value: unknown, nameOf: (logicalId: string) => number): number {
  if (typeof value !== 'object' || value === null) return Buffer.byteLength(String(value));
  const [[kind, argument] = ['', '']] = Object.entries(value);
  if (kind === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    const all = parts.reduce<number>((sum, part) => sum + bytesOf(part, nameOf), 0);
    return all + separator.length * (parts.length - 1);
  }
  const [logicalId = '', attribute = ''] = [argument].flat() as string[];
  // Account, Region and partition.
  if (logicalId.startsWith('AWS::')) return 'ap-southeast-2'.length;
  return nameOf(logicalId) + (attribute === 'QueueName' ? 0 : aroundName);
}
