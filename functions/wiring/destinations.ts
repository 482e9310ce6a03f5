import { openTopics } from '../../lib/adapters/aws/sns.ts';
import { openSlack } from '../../lib/adapters/slack/slack.ts';
import { UserError } from '../../lib/model/errors.ts';
import type { Slack, Topics } from '../../lib/notify/ports.ts';
import type { Secrets } from './secrets.ts';

/** SNS topics by the names that the stack grants, or by ARN. `publish` throws `UserError` for a name that it does not grant. */
export function grantedTopics(granted: Readonly<Record<string, string>>): Topics {
  const topics = openTopics({ region: '', account: '' });
  return {
    publish: async (topic, message) => {
      const arn = topic.startsWith('arn:') ? topic : granted[topic];
      if (arn === undefined) throw notGranted('topic', topic, 'topics');
      await topics.publish(arn, message);
    },
  };
}

/** Slack by the secrets that the stack grants, by their names or ARNs; `api`: another Slack. */
export function grantedSlack(granted: readonly string[], secrets: Secrets, api: string | undefined): Slack {
  return openSlack({
    readSecret: async (name) => {
      const known = granted.find((one) => one === name || nameIn(one) === name);
      if (known === undefined) throw notGranted('secret', name, 'notifySecrets');
      const wanted = { name: known, reader: 'notify', named: 'windlass.yaml', code: 'notify-secret' };
      // The adapter keeps it, and asks again when Slack refuses it.
      return await secrets.read(wanted, { fresh: true });
    },
    ...(api !== undefined && { api, hookHosts: [new URL(api).host] }),
  });
}

/** The name of a secret in its ARN, which ends with a dash and six characters of Secrets Manager's own. */
function nameIn(arn: string): string | undefined {
  return /^arn:[^:]+:secretsmanager:[^:]*:[^:]*:secret:(.+?)(?:-[A-Za-z0-9]{6})?$/.exec(arn)?.[1];
}

function notGranted(what: string, name: string, prop: string): UserError {
  return new UserError(
    `notify may not use the ${what} ${name}\nadd it to the prop ${prop} of the Windlass construct, or check its name in windlass.yaml`,
    { code: `${what}-not-granted`, subject: name },
  );
}
