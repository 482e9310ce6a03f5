import type { StackResource } from '../../model/stack-resource.ts';

/** What the template of a stack grants to one of its roles. */
export interface GrantedRole {
  /** The ARN of the role. */
  role: string;
  /** Its name in the template. */
  id: string;
  statements: GrantedStatement[];
}

/** One statement, with the resources as AWS calls them. */
export interface GrantedStatement {
  actions: string[];
  resources: string[];
  context: { key: string; values: string[] }[];
  /** Resources that cannot be told from the template. */
  unresolved: number;
}

/** Where a stack is, by its own ARN. */
export interface StackPlace {
  partition: string;
  region: string;
  account: string;
}

interface Policy {
  Type: 'AWS::IAM::Policy';
  Properties: { Roles?: { Ref?: string }[]; PolicyDocument?: { Statement?: Statement[] } };
}
interface Statement {
  Effect: string;
  Action?: string | string[];
  Resource?: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

/** Reads a stack's ARN: `arn:aws:cloudformation:eu-west-1:123456789012:stack/Windlass/...`. Undefined for what is none. */
export function placeOf(arn: string): StackPlace | undefined {
  const [, partition, region, account] =
    /^arn:(aws[a-z-]*):cloudformation:([a-z0-9-]+):(\d{12}):stack\//.exec(arn) ?? [];
  return partition && region && account ? { partition, region, account } : undefined;
}

/** All that a template grants, by role, as CDK writes it: policies of their own, that name roles of the stack. */
export function grantsOf(template: unknown, resources: readonly StackResource[], place: StackPlace): GrantedRole[] {
  const byId = new Map(resources.map((one) => [one.id, one]));
  const { Resources = {} } = (template ?? {}) as { Resources?: Record<string, { Type: string }> };
  const roles = new Map<string, GrantedRole>();
  for (const policy of Object.values(Resources).filter((one): one is Policy => one.Type === 'AWS::IAM::Policy')) {
    const { Roles = [], PolicyDocument: { Statement: all = [] } = {} } = policy.Properties;
    const statements = all.filter(({ Effect }) => Effect === 'Allow').map((one) => statementOf(one, byId, place));
    for (const { Ref: id = '' } of Roles) {
      const role = byId.get(id);
      if (role === undefined) continue;
      const known = roles.get(id) ?? {
        role: `arn:${place.partition}:iam::${place.account}:role/${role.name}`,
        id,
        statements: [],
      };
      roles.set(id, { ...known, statements: [...known.statements, ...statements] });
    }
  }
  return [...roles.values()];
}

function statementOf(
  { Action = [], Resource = [], Condition = {} }: Statement,
  byId: ReadonlyMap<string, StackResource>,
  place: StackPlace,
): GrantedStatement {
  const named = listOf(Resource).map((one) => textOf(one, byId, place));
  const conditions = Object.values(Condition).flatMap((keys) => Object.entries(keys));
  return {
    actions: listOf(Action).map(String),
    resources: named.filter((one) => one !== undefined),
    unresolved: named.filter((one) => one === undefined).length,
    // A value that fits a pattern is the pattern with something in the place of what stands for anything.
    context: conditions.map(([key, values]) => ({
      key,
      values: [String(textOf(listOf(values)[0], byId, place) ?? '').replaceAll('*', 'x')],
    })),
  };
}

/** A value of a template as CloudFormation resolves it; undefined for what needs more than the names of resources. */
function textOf(value: unknown, byId: ReadonlyMap<string, StackResource>, place: StackPlace): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const [[name, argument] = ['', '']] = Object.entries(value);
  if (name === 'Ref') return refOf(String(argument), byId, place);
  if (name === 'Fn::GetAtt') {
    const [id = '', attribute] = argument as string[];
    const resource = byId.get(id);
    return resource !== undefined && attribute === 'Arn' ? arnOf(resource, place) : undefined;
  }
  if (name !== 'Fn::Join') return undefined;
  const [separator, parts] = argument as [string, unknown[]];
  const texts = parts.map((part) => textOf(part, byId, place));
  return texts.includes(undefined) ? undefined : texts.join(separator);
}

function refOf(
  id: string,
  byId: ReadonlyMap<string, StackResource>,
  { partition, region, account }: StackPlace,
): string | undefined {
  const pseudo: Readonly<Record<string, string>> = {
    'AWS::Partition': partition,
    'AWS::Region': region,
    'AWS::AccountId': account,
  };
  return pseudo[id] ?? byId.get(id)?.name;
}

/** The ARN of a resource by its physical name, for the kinds that policies of Windlass name. */
function arnOf({ type, name }: StackResource, { partition, region, account }: StackPlace): string | undefined {
  if (name.startsWith('arn:')) return name;
  const last = name.split('/').at(-1) ?? name;
  const arn = (service: string, resource: string) => `arn:${partition}:${service}:${region}:${account}:${resource}`;
  const kinds: Readonly<Record<string, string>> = {
    'AWS::DynamoDB::Table': arn('dynamodb', `table/${name}`),
    'AWS::DynamoDB::GlobalTable': arn('dynamodb', `table/${name}`),
    // A queue's name is at the end of its URL.
    'AWS::SQS::Queue': arn('sqs', last),
    'AWS::Lambda::Function': arn('lambda', `function:${name}`),
    'AWS::Logs::LogGroup': arn('logs', `log-group:${name}:*`),
    'AWS::KMS::Key': arn('kms', `key/${name}`),
    'AWS::IAM::Role': `arn:${partition}:iam::${account}:role/${name}`,
  };
  return kinds[type];
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
