import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueAttributesCommand, paginateListQueues, type SQSClient } from '@aws-sdk/client-sqs';
import { queryCall, type Send } from './call.ts';
import type { Plan } from './plan.ts';

/** What one check saw. */
export interface Saw {
  ok: boolean;
  text: string;
}

/** A function as Lambda lists it. */
export interface LambdaFunction {
  FunctionName: string;
  Architectures?: string[];
  MemorySize: number;
  Runtime: string;
  TracingConfig?: { Mode: string };
}

/** The functions of the stack, by the names that AWS gave them. */
export async function functionsOf(send: Send, { stack }: Plan): Promise<LambdaFunction[]> {
  const all: LambdaFunction[] = [];
  let query: Record<string, string> = { MaxItems: '50' };
  for (;;) {
    const { text } = await send({ service: 'lambda', method: 'GET', path: '/2015-03-31/functions/', query });
    const page = JSON.parse(text) as { Functions: LambdaFunction[]; NextMarker?: string };
    all.push(...page.Functions.filter(({ FunctionName }) => FunctionName.startsWith(`${stack}-`)));
    if (!page.NextMarker) return all;
    query = { MaxItems: '50', Marker: page.NextMarker };
  }
}

/** As many as the template has, and what they run on. */
export function checkFunctions(found: readonly LambdaFunction[], expected: number): Saw {
  const kinds = found.map(
    ({ Runtime, Architectures, MemorySize, TracingConfig }) =>
      `${Runtime} ${Architectures?.join() ?? 'x86_64'} ${MemorySize} MB${TracingConfig?.Mode === 'Active' ? ', traced' : ''}`,
  );
  return { ok: found.length === expected, text: `${found.length} of ${expected}: ${[...new Set(kinds)].join('; ')}` };
}

/** Starts the drift check as its schedule does and waits for its end. It must reach as many clusters, by its own log. */
export async function checkDrift(send: Send, found: readonly LambdaFunction[], clusters: number): Promise<Saw> {
  const name = found.map(({ FunctionName }) => FunctionName).find((each) => each.includes('Drift'));
  if (name === undefined) return { ok: false, text: 'there is no function with Drift in its name' };
  const { headers, text } = await send({
    ...{ service: 'lambda', path: `/2015-03-31/functions/${name}/invocations`, body: '{}' },
    headers: { 'content-type': 'application/json', 'x-amz-log-type': 'Tail' },
  });
  const error = headers.get('x-amz-function-error');
  if (error !== null) return { ok: false, text: `${error}: ${text.slice(0, 300)}` };
  const reached = clustersChecked(Buffer.from(headers.get('x-amz-log-result') ?? '', 'base64').toString('utf8'));
  const said = reached === undefined ? 'its log says of no cluster' : `${reached} clusters reached`;
  return { ok: clusters === 0 || reached === clusters, text: `it ran to its end, ${said}` };
}

/** How many clusters a run of the drift check says that it reached: the metric in its log. */
export function clustersChecked(log: string): number | undefined {
  const counts = [...log.matchAll(/"ClustersChecked":\[?([\d,]+)/g)].flatMap(([, all]) => all!.split(',').map(Number));
  return counts.length === 0 ? undefined : Math.max(...counts);
}

/** As many as the template has. One may ring at first: it has seen nothing yet. */
export async function checkAlarms(send: Send, { stack }: Plan, expected: number): Promise<Saw> {
  const call = queryCall('monitoring', '2010-08-01', 'DescribeAlarms', { AlarmNamePrefix: stack, MaxRecords: '100' });
  const { text } = await send(call);
  const found = [...text.matchAll(/<AlarmName>([^<]+)<\/AlarmName>/g)].length;
  const ringing = [...text.matchAll(/<StateValue>ALARM<\/StateValue>/g)].length;
  return { ok: found === expected, text: `${found} of ${expected} are there, ${ringing} ring` };
}

/** Traces that one of the functions left in X-Ray in the last minutes. */
export async function checkTraces(send: Send, found: readonly LambdaFunction[], now: Date): Promise<Saw> {
  const filter = found.map(({ FunctionName }) => `service("${FunctionName}")`).join(' OR ');
  const end = Math.floor(now.getTime() / 1000);
  const body = JSON.stringify({ StartTime: end - 1200, EndTime: end, FilterExpression: filter });
  const headers = { 'content-type': 'application/json' };
  const { text } = await send({ service: 'xray', path: '/TraceSummaries', headers, body });
  const { TraceSummaries: traces = [] } = JSON.parse(text) as { TraceSummaries?: unknown[] };
  return { ok: traces.length > 0, text: `${traces.length} traces` };
}

/** The audit table has records of the image. */
export async function checkRecords(dynamo: DynamoDBClient, table: string, image: string): Promise<Saw> {
  const { Items: items = [] } = await dynamo.send(new ScanCommand({ TableName: table, ConsistentRead: true }));
  const about = items.filter((item) => JSON.stringify(item).includes(image)).length;
  return { ok: about > 0, text: `${items.length} records, ${about} of them name the image` };
}

/** No queue of the stack that keeps what could not be dealt with has a message. */
export async function checkDeadLetters(sqs: SQSClient, { stack }: Plan): Promise<Saw> {
  let messages = 0;
  const looked: string[] = [];
  for await (const { QueueUrls = [] } of paginateListQueues({ client: sqs }, { QueueNamePrefix: `${stack}-` })) {
    for (const url of QueueUrls.filter((each) => /DeadLetters|Undelivered/i.test(each))) {
      const asked = { QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessages' as const] };
      const { Attributes } = await sqs.send(new GetQueueAttributesCommand(asked));
      messages += Number(Attributes?.['ApproximateNumberOfMessages'] ?? 0);
      looked.push(url);
    }
  }
  return { ok: looked.length > 0 && messages === 0, text: `${messages} messages in ${looked.length} queues` };
}
