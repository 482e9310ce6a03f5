import { Token } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Problem } from '../model/errors.ts';
import { problemsOfList, propProblem, shown, unknownKeys } from './prop-problem.ts';
import { maybeSameSecret } from './secret-arn.ts';
import { topicArnFault, topicName } from './topic-arn-fault.ts';
import { defaultGitHubSecret, type Place, type WindlassProps } from './windlass-props.ts';

const arn = (service: string, rest: string) => new RegExp(`^arn:aws[a-z-]*:${service}:[a-z0-9-]+:\\d{12}:${rest}$`);
const secretName = '[A-Za-z0-9/_+=.@-]{1,512}';
const busName = '[A-Za-z0-9._/-]{1,256}';

const topicPattern = new RegExp(`^${topicName}$`);
const topicArnPattern = arn('sns', topicName);
const secretPattern = new RegExp(`^${secretName}$`);
const secretArnPattern = arn('secretsmanager', `secret:${secretName}`);
const busPattern = new RegExp(`^${busName}$`);
const busArnPattern = arn('events', `event-bus/${busName}`);
const keyArnPattern = arn('kms', 'key/[A-Za-z0-9-]+');
/** Alarms take it into their description, of 1024 characters, with a section behind it. */
const pagePattern = /^https?:\/\/[^\s#]{1,500}$/;
const regionPattern = /^[a-z]{2}(?:-[a-z]+)+-\d$/;

/** What is wrong with the registries of other accounts and Regions. */
export function registryProblems({ registries }: WindlassProps, own: Place): Problem[] {
  const seen = new Set<string>();
  return problemsOfList('registries', registries, (entry, at) => {
    if (typeof entry !== 'object' || entry === null)
      return [propProblem(at, `${shown(entry)} is no registry`, 'write { account, region }')];
    const { account, region } = entry as Record<string, unknown>;
    const problems = [
      ...unknownKeys(at, entry, ['account', 'region']),
      ...placeProblems({ account, region }, `${at}.`),
    ];
    const name = `${account} in ${region}`;
    if (seen.has(name)) problems.push(propProblem(at, `${name} is there twice`, 'leave it out'));
    if (account !== undefined && account === own.account && region === own.region)
      problems.push(propProblem(at, "it is the stack's own, which is looked at anyway", 'leave it out'));
    seen.add(name);
    return problems;
  });
}

/** What is wrong with an account and a Region; `before` is what a person reads before their names. */
export function placeProblems(
  { account, region }: { account: unknown; region: unknown },
  before: '' | `${string}.`,
): Problem[] {
  const problems: Problem[] = [];
  if (typeof account !== 'string' || !/^\d{12}$/.test(account))
    problems.push(propProblem(`${before}account`, `${shown(account)} is no account`, 'write its 12 digits as a text'));
  if (typeof region !== 'string' || !regionPattern.test(region))
    problems.push(propProblem(`${before}region`, `${shown(region)} is no Region`, 'eu-west-1'));
  return problems;
}

/** What is wrong with the names of secrets. */
export function secretProblems(props: WindlassProps, { account }: Place): Problem[] {
  const { githubSecret, githubReadSecret, notifySecrets } = props;
  const hint = 'write the name of the secret, or its ARN';
  const wrong = (secret: unknown) => !isOneOf(secret, secretPattern, secretArnPattern);
  const ofGitHub = Object.entries({ githubSecret, githubReadSecret }).flatMap(([prop, secret]) =>
    secret !== undefined && wrong(secret) ? [propProblem(prop, `${shown(secret)} is no name of a secret`, hint)] : [],
  );
  const ofNotify = problemsOfList('notifySecrets', notifySecrets, (secret, at, index) => {
    if (wrong(secret)) return [propProblem(at, `${shown(secret)} is no name of a secret`, hint)];
    const key = Object.entries(keysToRepo(props)).find(([, one]) => maybeSameSecret(one, secret as string, account));
    if (key !== undefined)
      return [propProblem(at, `it is ${key[0]}, a key to the config repo`, 'list the secrets of Slack alone')];
    return twice(notifySecrets, secret, at, index);
  });
  return [...ofGitHub, ...ofNotify];
}

/** A route that names one of them would send it to Slack. */
function keysToRepo({ githubSecret = defaultGitHubSecret, githubReadSecret }: WindlassProps): Record<string, string> {
  const all = { githubSecret, githubReadSecret };
  return Object.fromEntries(Object.entries(all).filter((one): one is [string, string] => typeof one[1] === 'string'));
}

/** What is wrong with topics and the one of alarms. */
export function topicProblems({ topics, alarmTopic }: WindlassProps): Problem[] {
  const names: string[] = [];
  const ofTopics = problemsOfList('topics', topics, (topic, at) => {
    if (!isOneOf(topic, topicPattern, topicArnPattern)) {
      const hint = 'write the name of one to make, or the ARN of one that is there';
      return [propProblem(at, `${shown(topic)} is no topic${topicArnFault(topic)}`, hint)];
    }
    const name = topicNameOf(topic as string);
    if (names.includes(name)) return [propProblem(at, `there are two topics ${name}`, 'leave one out')];
    names.push(name);
    return [];
  });
  return [...ofTopics, ...alarmTopicProblems(alarmTopic, names)];
}

function alarmTopicProblems(topic: unknown, names: readonly string[]): Problem[] {
  if (topic === undefined || Token.isUnresolved(topic)) return [];
  const hint = 'write the ARN of a topic, or the name of one of `topics`';
  if (typeof topic !== 'string' || !(topicArnPattern.test(topic) || names.includes(topic))) {
    const fault = topicArnFault(topic);
    const wrong = fault === '' ? 'is neither an ARN nor one of topics' : `is no topic${fault}`;
    return [propProblem('alarmTopic', `${shown(topic)} ${wrong}`, hint)];
  }
  if (!topic.endsWith('.fifo')) return [];
  return [propProblem('alarmTopic', 'CloudWatch sends no alarm to a FIFO topic', 'take another one')];
}

/** What is wrong with the bus, the key, the logs and the runbook. */
export function otherProblems({
  eventBus,
  encryptionKey,
  logRetentionDays: days,
  runbookUrl,
}: WindlassProps): Problem[] {
  const problems: Problem[] = [];
  if (eventBus !== undefined && !Token.isUnresolved(eventBus) && !isOneOf(eventBus, busPattern, busArnPattern))
    problems.push(propProblem('eventBus', `${shown(eventBus)} is no event bus`, 'write its name, or its ARN'));
  const isConstruct = typeof encryptionKey === 'object' && encryptionKey !== null;
  const isKey = isConstruct ? 'keyArn' in encryptionKey : isOneOf(encryptionKey, keyArnPattern);
  if (encryptionKey !== undefined && !isKey) {
    const hint = 'write the ARN of a key (arn:aws:kms:REGION:ACCOUNT:key/ID); an alias is none';
    problems.push(propProblem('encryptionKey', `${shown(encryptionKey)} is no KMS key`, hint));
  }
  const possible = Object.values(RetentionDays).filter(
    (one) => typeof one === 'number' && one < RetentionDays.INFINITE,
  );
  if (days !== undefined && !possible.includes(days)) {
    const hint = `CloudWatch Logs takes ${possible.join(', ')}`;
    problems.push(propProblem('logRetentionDays', `logs cannot be kept for ${shown(days)} days`, hint));
  }
  if (runbookUrl !== undefined && !isOneOf(runbookUrl, pagePattern)) {
    const hint = 'write where your copy of docs/runbook.md is, without a section: https://wiki.acme.example/windlass';
    problems.push(propProblem('runbookUrl', `${shown(runbookUrl)} is no address of a page`, hint));
  }
  return problems;
}

/** The name of a topic that is given by name or ARN. */
export function topicNameOf(topic: string): string {
  return topic.split(':').at(-1) ?? topic;
}

function isOneOf(value: unknown, ...patterns: RegExp[]): boolean {
  return typeof value === 'string' && patterns.some((pattern) => pattern.test(value));
}

function twice(list: unknown, value: unknown, at: string, index: number): Problem[] {
  const isTwice = Array.isArray(list) && list.indexOf(value) < index;
  return isTwice ? [propProblem(at, `${shown(value)} is there twice`, 'leave it out')] : [];
}
