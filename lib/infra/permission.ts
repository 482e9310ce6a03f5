import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** What a role may do to what, and why. docs/aws-permissions.md has the table of all of them. */
export interface Permission {
  /** For people: `reads the tags of images`. */
  why: string;
  actions: readonly string[];
  resources: readonly string[];
  /** Why no narrower resource can be named, where one has a wildcard. */
  wide?: string;
  /** What narrows it further, as IAM writes it. `only` says it for people. */
  conditions?: Record<string, Record<string, string | readonly string[]>>;
  only?: string;
}

/** The permission as IAM reads it. */
export function statementOf({ actions, resources, conditions }: Permission): PolicyStatement {
  return new PolicyStatement({ actions: [...actions], resources: [...resources], ...(conditions && { conditions }) });
}

/** A resource as people and cdk-nag write it: `arn:aws:sns:<AWS::Region>:<AWS::AccountId>:deploys`, `<RecordsAudit12AB.Arn>`. */
export function written(scope: Construct, resource: string): string {
  return flat(Stack.of(scope).resolve(resource));
}

function flat(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[name, argument] = ['', '']] = Object.entries(value);
  if (name === 'Ref') return `<${String(argument)}>`;
  if (name === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map(flat).join(separator);
  }
  return JSON.stringify(value);
}
