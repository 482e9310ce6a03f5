import { CloudFormationClient, GetTemplateCommand, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { DescribeRuleCommand, EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand, LambdaClient, paginateListEventSourceMappings } from '@aws-sdk/client-lambda';
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { UserError } from '../../model/errors.ts';
import type { StackResource } from '../../model/stack-resource.ts';
import { asked } from './not-allowed.ts';
import { patience } from './patience.ts';

/** Names that DescribeAlarms takes at once. */
const alarmsAtOnce = 100;

/**
 * Reads how the parts of a deployed stack are, with this machine's credentials: nothing is changed, and no secret is read. Methods throw `UserError` with the code
 * `not-allowed` where whoever asks may not know, `RetryableError` where AWS does not answer.
 */
export function openStackState({ region, profile }: { region: string; profile?: string | undefined }) {
  const where = { ...patience, region, ...(profile !== undefined && { profile }) };
  const formation = new CloudFormationClient(where);
  const watch = new CloudWatchClient(where);
  const events = new EventBridgeClient(where);
  const lambda = new LambdaClient(where);
  const schedules = new SchedulerClient(where);
  const secrets = new SecretsManagerClient(where);
  const sqs = new SQSClient(where);
  return {
    /** All that the stack made. */
    resources: (stack: string) =>
      asked('cloudformation:ListStackResources', async () => {
        const found: StackResource[] = [];
        for await (const page of paginateListStackResources({ client: formation }, { StackName: stack }))
          for (const {
            LogicalResourceId: id = '',
            ResourceType: type = '',
            PhysicalResourceId: name = '',
          } of page.StackResourceSummaries ?? [])
            found.push({ id, type, name });
        return found;
      }),
    /** The template that it was deployed from, parsed. */
    template: (stack: string) =>
      asked('cloudformation:GetTemplate', async (): Promise<unknown> => {
        const { TemplateBody = '{}' } = await formation.send(new GetTemplateCommand({ StackName: stack }));
        return parsed(TemplateBody, stack);
      }),
    /** Messages that lie in a queue, about. */
    messages: (url: string) =>
      asked('sqs:GetQueueAttributes', async () => {
        const AttributeNames = ['ApproximateNumberOfMessages' as const];
        const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames }));
        return Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0);
      }),
    /** Of a function: whether Lambda can start it, and what it is told. */
    function: (name: string) =>
      asked('lambda:GetFunctionConfiguration', async () => {
        const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
        const { State: state = 'Active', StateReason: reason = '', LastUpdateStatus: update = 'Successful' } = found;
        return { state, reason, update, environment: found.Environment?.Variables ?? {} };
      }),
    /** The queues that start a function, with their states: Enabled, Disabled, Creating. */
    mappings: (name: string) =>
      asked('lambda:ListEventSourceMappings', async () => {
        const found: { source: string; state: string }[] = [];
        for await (const { EventSourceMappings = [] } of paginateListEventSourceMappings(
          { client: lambda },
          { FunctionName: name },
        ))
          for (const { EventSourceArn: source = '', State: state = '' } of EventSourceMappings)
            found.push({ source, state });
        return found;
      }),
    /** ENABLED or DISABLED. */
    schedule: (name: string) =>
      asked(
        'scheduler:GetSchedule',
        async () => (await schedules.send(new GetScheduleCommand({ Name: name }))).State ?? 'ENABLED',
      ),
    rule: (name: string) =>
      asked('events:DescribeRule', async () => {
        // On another bus than the default one the name is behind the bus's.
        const [rule, bus] = name.split('|').reverse();
        return (
          (await events.send(new DescribeRuleCommand({ Name: rule, ...(bus && { EventBusName: bus }) }))).State ??
          'ENABLED'
        );
      }),
    /** Those of the alarms that ring. */
    ringing: (names: readonly string[]) =>
      asked('cloudwatch:DescribeAlarms', async () => {
        const found: { name: string; description: string }[] = [];
        for (let first = 0; first < names.length; first += alarmsAtOnce) {
          const AlarmNames = names.slice(first, first + alarmsAtOnce);
          for await (const { MetricAlarms = [] } of paginateDescribeAlarms(
            { client: watch },
            { AlarmNames, StateValue: 'ALARM' },
          ))
            found.push(
              ...MetricAlarms.map(({ AlarmName: name = '', AlarmDescription: description = '' }) => ({
                name,
                description,
              })),
            );
        }
        return found;
      }),
    /** Whether there is a secret, and whether it is to be deleted; never what is in it. */
    secret: (id: string) =>
      asked('secretsmanager:DescribeSecret', async (): Promise<'there' | 'missing' | 'deleted'> => {
        try {
          const { DeletedDate } = await secrets.send(new DescribeSecretCommand({ SecretId: id }));
          return DeletedDate === undefined ? 'there' : 'deleted';
        } catch (error) {
          if (error instanceof Error && error.name === 'ResourceNotFoundException') return 'missing';
          throw error;
        }
      }),
    close: () => {
      for (const one of [formation, watch, events, lambda, schedules, secrets, sqs]) one.destroy();
    },
  };
}

function parsed(template: string, stack: string): unknown {
  try {
    return JSON.parse(template);
  } catch {
    throw new UserError(
      `the template of the stack ${stack} is not JSON, as Windlass writes it\nlook by hand what it grants`,
      {
        code: 'template-not-json',
        subject: stack,
      },
    );
  }
}
