import type { AuditQuestion } from '../../drift/ports.ts';

/** Rows that one query gives. */
export const mostRows = 2_000;
/** Characters of a query, of the 10,000 that CloudWatch takes. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html */
const longestNames = 8_000;

/**
 * What is read of an event, by the names that Logs Insights gives to what is inside of its JSON. It finds the first 200 in an event: these come
 * before the objects that were sent. Nothing of these objects and no key of AWS is among them.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
 */
export const auditFields = [
  '@timestamp',
  'verb',
  'requestURI',
  'user.username',
  'user.extra.arn.0',
  'sourceIPs.0',
  'userAgent',
  'objectRef.apiGroup',
  'objectRef.resource',
  'objectRef.subresource',
  'objectRef.namespace',
  'objectRef.name',
  // kubectl says in the body that a deletion is only tried.
  'requestObject.dryRun.0',
] as const;

/** The query, and whether all names are in it. */
export interface AuditQuery {
  text: string;
  complete: boolean;
}

/** Writes the question in the language of Logs Insights. Names can hold anything but a slash: no text of theirs is ever more than a name in it. */
export function auditQuery({ names }: Pick<AuditQuestion, 'names'>): AuditQuery {
  const tests: string[] = [];
  let length = 0;
  for (const name of names) {
    const test = nameTest(name);
    length += test.length + 4;
    if (length > longestNames) break;
    tests.push(test);
  }
  const filters = [
    '@logStream like /^kube-apiserver-audit-/',
    'stage = "ResponseComplete"',
    'responseStatus.code < 400',
    'verb in ["create", "update", "patch", "delete", "deletecollection"]',
    // The greatest part of a cluster's writes is that of its own components.
    'user.username not like /^(system:node:|system:kube-|system:apiserver|system:serviceaccount:kube-system:|eks:)/',
    [...tests, 'verb = "deletecollection"'].join(' or '),
  ];
  const text = [
    `fields ${auditFields.join(', ')}`,
    ...filters.map((filter) => `filter ${filter}`),
    'sort @timestamp asc',
    `limit ${mostRows}`,
  ].join('\n| ');
  return { text, complete: tests.length === names.length };
}

// What stands in quotes or in a pattern is nothing but letters, digits, dots, colons and dashes; for anything else in a name any character is taken.
function nameTest(name: string): string {
  if (/^[a-z0-9.:-]+$/i.test(name)) return `objectRef.name = "${name}"`;
  return `objectRef.name like /^${name.replace(/[^A-Za-z0-9:-]/gu, '.')}$/`;
}
