import type { Answers, Asked, Reply } from './stand-in.ts';

/** An event of an audit log as EKS writes it to CloudWatch: one JSON text. */
export interface LogEvent {
  stream: string;
  message: string;
}

type Fields = Record<string, string>;

/** Fields that Logs Insights finds in one event. */
const mostFields = 200;

/**
 * A stand-in for StartQuery and GetQueryResults of CloudWatch Logs, as MiniStack does not read fields of JSON: it understands the part of the query
 * language that `auditQuery` writes, and refuses everything else. An event's time is that of its stage.
 */
export function logsInsights(group: string, events: () => LogEvent[] | Promise<LogEvent[]>): Answers {
  const results = new Map<string, Fields[]>();
  return async ({ headers, body }: Asked): Promise<Reply> => {
    const json = (answer: object, status = 200) => ({
      status,
      headers: { 'content-type': 'application/x-amz-json-1.1' },
      body: answer,
    });
    const input = JSON.parse(body) as Record<string, string>;
    const action = String(headers['x-amz-target']).split('.')[1];
    if (action === 'StartQuery' && input.logGroupName !== group)
      return json({ __type: 'ResourceNotFoundException', message: 'The specified log group does not exist.' }, 400);
    if (action === 'StartQuery') {
      const { text, from, to } = { text: input.queryString!, from: Number(input.startTime), to: Number(input.endTime) };
      const within = (await events()).filter((event) => isWithin(timeOf(event), from, to));
      const queryId = `query-${results.size}`;
      results.set(queryId, run(text, within));
      return json({ queryId });
    }
    const rows = results.get(input.queryId ?? '') ?? [];
    const fields = (row: Fields) => Object.entries(row).map(([field, value]) => ({ field, value }));
    return json({ status: 'Complete', results: rows.map((row) => [...fields(row), { field: '@ptr', value: 'x' }]) });
  };
}

/** The fields of a JSON event, as Logs Insights names them: `user.extra.arn.0`. */
export function fieldsOf(message: string): Fields {
  const fields: [string, string][] = [];
  const walk = (value: unknown, path: string) => {
    if (value !== null && typeof value === 'object') {
      for (const [key, inner] of Object.entries(value)) walk(inner, path === '' ? key : `${path}.${key}`);
    } else if (value !== null) {
      fields.push([path, String(value)]);
    }
  };
  walk(JSON.parse(message), '');
  return Object.fromEntries(fields.slice(0, mostFields));
}

function timeOf({ message }: LogEvent): number {
  return Date.parse((JSON.parse(message) as { stageTimestamp: string }).stageTimestamp);
}

function isWithin(time: number, from: number, to: number): boolean {
  return time >= from * 1000 && time <= to * 1000;
}

function run(text: string, events: LogEvent[]): Fields[] {
  let rows = events.map((event) => {
    const time = new Date(timeOf(event)).toISOString().replace('T', ' ').replace('Z', '');
    return { ...fieldsOf(event.message), '@timestamp': time, '@logStream': event.stream };
  }) as Fields[];
  let shown: string[] = [];
  for (const stage of text.split('\n| ')) {
    const [, command, rest] = /^(\w+) (.*)$/s.exec(stage) ?? [];
    if (command === 'fields') shown = rest!.split(', ');
    else if (command === 'filter') rows = rows.filter(condition(rest!));
    else if (stage === 'sort @timestamp asc') rows.sort((a, b) => (a['@timestamp']! < b['@timestamp']! ? -1 : 1));
    else if (command === 'limit') rows = rows.slice(0, Number(rest));
    else throw new Error(`the stand-in does not understand: ${stage}`);
  }
  return rows.map((row) => Object.fromEntries(shown.flatMap((field) => (field in row ? [[field, row[field]!]] : []))));
}

const field = '[@a-zA-Z][\\w.]*';
const literal = '"[^"\\\\]*"';
const pattern = '/(?:[^/\\n])+/';
const tests: [RegExp, (value: string | undefined, wanted: string) => boolean][] = [
  [new RegExp(`^(${field}) = (${literal})`), (value, wanted) => value === JSON.parse(wanted)],
  [new RegExp(`^(${field}) < (\\d+)`), (value, wanted) => Number(value) < Number(wanted)],
  [
    new RegExp(`^(${field}) in (\\[${literal}(?:, ${literal})*\\])`),
    (value, wanted) => (JSON.parse(wanted) as string[]).includes(value!),
  ],
  [
    new RegExp(`^(${field}) like (${pattern})`),
    (value, wanted) => new RegExp(wanted.slice(1, -1), 'u').test(value ?? ''),
  ],
  [
    new RegExp(`^(${field}) not like (${pattern})`),
    (value, wanted) => !new RegExp(wanted.slice(1, -1), 'u').test(value ?? ''),
  ],
];

/** Tests with `or` between them, and nothing else: a name that broke out of its quotes would not be understood. */
function condition(text: string): (row: Fields) => boolean {
  const parts: ((row: Fields) => boolean)[] = [];
  for (let rest = text; ; ) {
    const found = tests.map(([shape, holds]) => ({ match: shape.exec(rest), holds })).find(({ match }) => match);
    if (!found?.match) throw new Error(`the stand-in does not understand: ${rest}`);
    const [whole, name, wanted] = found.match;
    parts.push((row) => found.holds(row[name!], wanted!));
    rest = rest.slice(whole.length);
    if (rest === '') return (row) => parts.some((part) => part(row));
    if (!rest.startsWith(' or ')) throw new Error(`the stand-in does not understand: ${rest}`);
    rest = rest.slice(4);
  }
}
