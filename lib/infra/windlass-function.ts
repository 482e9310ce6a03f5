import { type Duration, RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  Architecture,
  type CfnFunction,
  type ILayerVersion,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { useOfKey } from './encryption.ts';
import { checkEnvironment } from './environment-size.ts';
import { functionCode } from './function-code.ts';
import { type Permission, statementOf, written } from './permission.ts';
import type { ClusterVpc } from './windlass-props.ts';

/** The key may encrypt other things of the account: it is used by way of these services, and never by itself. */
const byService = (region: string): Pick<Permission, 'conditions' | 'only'> => ({
  conditions: {
    StringLike: {
      'kms:ViaService': ['dynamodb', 'secretsmanager', 'sns', 'sqs'].map(
        (service) => `${service}.${region}.amazonaws.com*`,
      ),
    },
  },
  only: 'by way of DynamoDB, Secrets Manager, SNS and SQS',
});

/** What a function is. */
export interface WindlassFunctionProps {
  /** The name of its file in functions/. */
  file: string;
  description: string;
  timeout: Duration;
  /** MB. */
  memorySize: number;
  environment: Readonly<Record<string, string>>;
  /** Days. */
  logRetention: number;
  encryptionKey?: IKey | undefined;
  /** Where others must know it before it is deployed. */
  roleName?: string;
  architecture?: Architecture;
  layers?: ILayerVersion[];
  /** The network that it runs in; none unless told. */
  vpc?: ClusterVpc;
}

/** How Lambda takes messages out of a queue. */
interface Polling {
  batchSize: number;
  maxConcurrency?: number;
}

/** A function with a role and a log group of its own. Its role may write to that log and send traces, and otherwise what `allow` says. */
export class WindlassFunction extends Construct {
  readonly fn: LambdaFunction;
  /** All that it may do, and why. */
  readonly permissions: Permission[] = [];
  readonly #role: Role;
  readonly #roleName: string | undefined;

  /** Throws `UserError` where it is not bundled, or is told more than Lambda takes. */
  constructor(scope: Construct, id: string, props: WindlassFunctionProps) {
    super(scope, id);
    const { file, vpc, logRetention, encryptionKey, environment } = props;
    const { description, timeout, memorySize, layers, roleName } = props;
    checkEnvironment(this, file, environment);
    this.#roleName = roleName;
    this.#role = new Role(this, 'Role', {
      ...(roleName !== undefined && { roleName }),
      // A name that is cut may not show the VPC.
      description: `The function ${file} of Windlass${vpc === undefined ? '' : `, in ${vpc.id}`}`,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    const logGroup = new LogGroup(this, 'Logs', {
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(encryptionKey !== undefined && { encryptionKey }),
    });
    this.#allowItself(logGroup, vpc !== undefined, encryptionKey);
    this.fn = new LambdaFunction(this, 'Function', {
      ...{ description, timeout, memorySize, environment: { ...environment } },
      runtime: Runtime.NODEJS_24_X,
      architecture: props.architecture ?? Architecture.ARM_64,
      handler: 'index.handler',
      code: functionCode(this, file),
      role: this.#role,
      ...{ logGroup, loggingFormat: LoggingFormat.JSON, tracing: Tracing.ACTIVE },
      ...(layers !== undefined && { layers }),
    });
    if (vpc !== undefined) this.#enter(vpc);
  }

  /** The ARN of its role: written out where it has a name, so that other stacks can name it without a link to this one. */
  get roleArn(): string {
    const name = this.#roleName;
    if (name === undefined) return this.#role.roleArn;
    return Stack.of(this).formatArn({ service: 'iam', region: '', resource: 'role', resourceName: name });
  }

  /** Lets it do something. A wildcard in a resource is a finding of cdk-nag's, which `wide` answers. */
  allow(...permissions: Permission[]): void {
    for (const permission of permissions) {
      if (permission.resources.length === 0) continue;
      this.permissions.push(permission);
      this.#role.addToPolicy(statementOf(permission));
      this.#acknowledge(permission);
    }
  }

  /**
   * Lets Lambda start it for the messages of a queue, of which those that it names come again. `maxConcurrency`: how many run at once at most, so that a
   * flood of messages takes no more of the account; a queue with a single group needs none.
   */
  consume(queue: Queue, how: Polling): void {
    this.#takeFrom([queue], 'takes messages out of its queue');
    this.#poll('Queue', queue, how);
  }

  /** The same for queues beside its first one, each by itself: a flood in one of them holds up no other. */
  consumeEach(queues: readonly Queue[], how: Polling): void {
    this.#takeFrom(queues, 'takes messages out of these queues');
    for (const queue of queues) this.#poll(queue.node.id, queue, how);
  }

  #takeFrom(queues: readonly Queue[], why: string): void {
    const actions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
    this.allow({ why, actions, resources: queues.map(({ queueArn }) => queueArn) });
  }

  #poll(id: string, { queueArn }: Queue, how: Polling): void {
    this.fn.addEventSourceMapping(id, { eventSourceArn: queueArn, ...how, reportBatchItemFailures: true });
  }

  #allowItself({ logGroupArn }: LogGroup, inNetwork: boolean, key: IKey | undefined): void {
    this.allow({
      why: 'writes its log',
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroupArn],
    });
    this.allow({
      why: 'sends its traces to X-Ray',
      actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
      resources: ['*'],
      wide: 'X-Ray knows no resources to send traces to.',
    });
    if (inNetwork) this.#allowNetwork();
    if (key === undefined) return;
    const why = 'uses tables, queues, topics and secrets that are encrypted with the key';
    this.allow({ why, actions: useOfKey, resources: [key.keyArn], ...byService(Stack.of(this).region) });
  }

  /** As the props have it: CDK's own way wants to know more of the network than is needed. */
  #enter({ subnets: subnetIds, securityGroups: securityGroupIds }: ClusterVpc): void {
    (this.fn.node.defaultChild as CfnFunction).vpcConfig = { subnetIds, securityGroupIds };
  }

  /** Lambda itself connects the function to the network, by its role; the function's own code may not. */
  #allowNetwork(): void {
    const actions = [
      ...['ec2:AssignPrivateIpAddresses', 'ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface'],
      ...['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets', 'ec2:UnassignPrivateIpAddresses'],
    ];
    this.allow({
      why: 'lets Lambda connect it to its VPC',
      ...{ actions, resources: ['*'] },
      wide: 'EC2 names a network interface when it makes it, and describes all or none.',
    });
    this.#role.addToPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        ...{ actions, resources: ['*'] },
        conditions: { ArnLike: { 'lambda:SourceFunctionArn': 'arn:*:lambda:*:*:function:*' } },
      }),
    );
  }

  #acknowledge({ resources, wide }: Permission): void {
    for (const resource of resources) {
      const name = written(this, resource);
      if (!name.includes('*')) continue;
      if (wide === undefined) throw new Error(`nothing says why ${name} is as wide as it is`);
      Validations.of(this.#role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${name}]`, reason: wide });
    }
  }
}
