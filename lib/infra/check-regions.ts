import type { Problem } from '../model/errors.ts';
import { topicNameOf } from './check-other-props.ts';
import { knownNow } from './known-now.ts';
import { propProblem } from './prop-problem.ts';
import type { Place, WindlassProps } from './windlass-props.ts';

/** What is in another Region than the stack, and cannot be reached there; nothing where the Region of one of the two is not known. */
export function regionProblems(props: WindlassProps, { region }: Place): Problem[] {
  if (region === undefined) return [];
  const check = (prop: string, its: string | undefined, hint: string) =>
    its === undefined || its === region
      ? []
      : [propProblem(prop, `it is in ${its}, and the stack in ${region}`, `take one of ${region}${hint}`)];
  const ofSecret =
    ", or replicate it there and write the replica's ARN: functions ask Secrets Manager of their own Region alone";
  const ofKey =
    ' (of a multi-Region key its replica there): AWS encrypts tables, queues, topics and logs with keys of their own Region alone';
  return [
    ...secretsOf(props).flatMap(([prop, secret]) => check(prop, regionIn(secret), ofSecret)),
    ...check('alarmTopic', regionIn(alarmTopicOf(props)), ': CloudWatch alarms publish in their own Region alone'),
    ...check(
      'eventBus',
      regionIn(props.eventBus),
      ', with a rule that sends on to this one: events are put in their own Region alone',
    ),
    ...check('encryptionKey', regionOfKey(props.encryptionKey), ofKey),
  ];
}

function secretsOf({
  githubSecret,
  githubReadSecret,
  notifySecrets,
}: WindlassProps): [prop: string, secret: unknown][] {
  const ofNotify = listOf(notifySecrets).map((one, index): [string, unknown] => [`notifySecrets[${index}]`, one]);
  return [...Object.entries({ githubSecret, githubReadSecret }), ...ofNotify];
}

/** Named as one of `topics`, it is what that is. */
function alarmTopicOf({ topics, alarmTopic }: WindlassProps): unknown {
  return listOf(topics).find((topic) => typeof topic === 'string' && topicNameOf(topic) === alarmTopic) ?? alarmTopic;
}

function regionOfKey(key: WindlassProps['encryptionKey']): string | undefined {
  return typeof key === 'object' && key !== null ? knownNow(key.env.region) : regionIn(key);
}

/** Undefined where it is no ARN. */
function regionIn(value: unknown): string | undefined {
  const region = typeof value === 'string' ? /^arn:[^:]+:[^:]+:([^:]+):/.exec(value)?.[1] : undefined;
  return region && knownNow(region);
}

/** Props may come from outside of TypeScript. */
function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
