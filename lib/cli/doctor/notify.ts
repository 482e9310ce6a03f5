import type { NotifyRules } from '../../config/config.ts';
import { functionVariables } from '../../config/function-env.ts';
import { amongKnown } from '../../model/nearest.ts';
import { looked, note, ok, type Said, unchecked, wrong } from './finding.ts';
import { checkSecret, type StackState } from './stack.ts';

/** What is asked of those who are told. */
export interface NotifyDeps {
  /** The routes of windlass.yaml. */
  rules(): Promise<NotifyRules>;
  /** Where a stack tells: its name, the topics that it has by name, and the function that sends. */
  stack?: { name: string; topics: readonly string[]; sender(): Promise<string | undefined> };
  state?: Pick<StackState, 'function' | 'secret'>;
  /** Asks Slack whose token a secret holds, and posts nothing; only where somebody allowed to read secrets. */
  slackUser?: (secret: string) => Promise<string>;
}

/** Checks that each destination of windlass.yaml is one that the stack may send to, and that its secret is there. */
export async function checkNotify(deps: NotifyDeps): Promise<Said[]> {
  const { routes, default: standard } = await deps.rules();
  const all = [...routes, ...(standard === undefined ? [] : [standard])];
  const secrets = [...new Set(all.flatMap(({ slack }) => slack?.secret ?? []))];
  const topics = [...new Set(all.flatMap(({ sns }) => sns ?? []))];
  if (all.length === 0)
    return [note('routes', 'windlass.yaml has none: nobody is told anything', 'write notify: (docs/notify.md)')];
  const { stack } = deps;
  if (stack === undefined)
    return [
      unchecked(
        'routes',
        `no stack is meant, so nobody sends to ${[...secrets, ...topics].join(', ')}`,
        'name it with --stack',
      ),
    ];
  const granted = secrets.length === 0 ? undefined : await looked('secrets', () => readGranted(secrets, deps));
  return [
    ...topics.map((name) => checkTopic(name, stack)),
    ...(granted ?? []),
    ...(await Promise.all(secrets.map((secret) => looked(secret, () => checkSlack(secret, deps))))).flat(),
  ];
}

function checkTopic(name: string, stack: { name: string; topics: readonly string[] }): Said {
  if (stack.topics.includes(name)) return ok('topics', `${name}: the stack has it`);
  const text = `the stack has no topic "${name}"${amongKnown(name, stack.topics)}`;
  return wrong(
    'topics',
    text,
    `add it to topics in cdk.json and run npx cdk deploy ${stack.name}, or correct windlass.yaml`,
  );
}

/** The function may read what it is told of: the props have the same list. */
async function readGranted(wanted: readonly string[], { stack, state }: NotifyDeps): Promise<Said[]> {
  const name = await stack?.sender();
  if (name === undefined || state === undefined) return [unchecked('secrets', 'the function that sends is not known')];
  const { environment } = await state.function(name);
  const granted = namesIn(environment[functionVariables.notifySecrets]);
  const lacking = wanted.filter((secret) => !granted.includes(secret));
  if (lacking.length === 0) return [ok('secrets', 'the function that sends may read each that windlass.yaml names')];
  return lacking.map((secret) =>
    wrong(
      'secrets',
      `the function that sends may not read ${secret}`,
      `add it to notifySecrets in cdk.json, and run npx cdk deploy ${stack?.name}`,
    ),
  );
}

async function checkSlack(secret: string, { state, slackUser }: NotifyDeps): Promise<Said[]> {
  const there = state === undefined ? [] : [await checkSecret(secret, 'the key to Slack', state)];
  if (there.some(({ result }) => result === 'wrong')) return there;
  if (slackUser === undefined)
    return [
      ...there,
      unchecked(
        'slack',
        `whether Slack takes what is in ${secret}`,
        'with --secrets it is read, and Slack is asked; nothing is posted',
      ),
    ];
  return [...there, ...(await looked('slack', async () => ok('slack', `${secret}: ${await slackUser(secret)}`)))];
}

function namesIn(text: string | undefined): string[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.map(String) : [];
  } catch {
    return [];
  }
}
