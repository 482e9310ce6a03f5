import { CfnOutput, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { UserError } from '../model/errors.ts';

/** What a stack tells of a part of it. */
export interface Output {
  value: string;
  /** For people. */
  description?: string;
}

const place = 'Outputs';

/**
 * Adds outputs of a construct to its stack by exactly these names, which lib/config/stack-outputs.ts reads. Done twice it is done once. Throws `UserError` where
 * the stack has one of the names already: that of another Windlass, or one of the app's own.
 */
export function addOutputsOf(construct: Construct, outputs: Readonly<Record<string, Output>>): void {
  if (construct.node.tryFindChild(place) !== undefined) return;
  const stack = Stack.of(construct);
  const taken = new Set(stack.node.findAll().filter(isOutput).map(keyOf));
  const twice = Object.keys(outputs).filter((name) => taken.has(name));
  if (twice.length > 0) {
    const message = `the stack ${stack.stackName} has outputs ${twice.join(', ')} already, and ${construct.node.path} needs these names`;
    throw new UserError(`${message}\ngive it a stack of its own`, { code: 'stack-outputs', subject: stack.stackName });
  }
  const scope = new Construct(construct, place);
  for (const [name, output] of Object.entries(outputs)) new CfnOutput(scope, name, output).overrideLogicalId(name);
}

function isOutput(construct: unknown): construct is CfnOutput {
  return construct instanceof CfnOutput;
}

function keyOf(output: CfnOutput): string {
  return Stack.of(output).resolve(output.logicalId) as string;
}
