import {
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, it } from 'vitest';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { ForwardPushes } from '../../lib/infra/forward-pushes.ts';
import { PushEvents } from '../../lib/infra/push-events.ts';
import { describeWithMiniStack, type MiniStack, startMiniStack } from '../helpers/ministack.ts';

const registry = { account: '210987654321', region: 'us-east-1' };
const repositoryPrefixes = ['shop/'];
const groupId = 'acme/shop-config@main';

/** A push, as ECR tells it. */
const push = {
  ...{ version: '0', id: '13cde686-328b-6117-af20-0e5566167482', 'detail-type': 'ECR Image Action' },
  ...{ source: 'aws.ecr', time: '2026-11-03T09:54:34Z', resources: [], ...registry },
  detail: {
    ...{ result: 'SUCCESS', 'action-type': 'PUSH', 'repository-name': 'shop/web', 'image-tag': '1.5.0' },
    'image-digest': `sha256:${'7f'.repeat(32)}`,
  },
};

// biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type of their own
function ofType(stack: Stack, type: string): any[] {
  return Object.values(Template.fromStack(stack).findResources(type)).map(({ Properties }) => Properties);
}

await describeWithMiniStack('EventBridge', () => {
  let aws: MiniStack;
  let events: EventBridgeClient;
  beforeAll(async () => {
    aws = await startMiniStack();
    events = new EventBridgeClient({ endpoint: aws.endpoint, region: aws.region, credentials: aws.credentials });
  });
  afterAll(async () => {
    events?.destroy();
    await aws?.stop();
  });

  const forwarding = () => {
    const stack = new Stack(new App({ context: cdkJson.context }), 'Forward', { env: registry });
    new ForwardPushes(stack, 'Pushes', { account: aws.account, region: aws.region, repositoryPrefixes });
    return stack;
  };
  const receiving = () => {
    const stack = new Stack(new App({ context: cdkJson.context }), 'Receive', {
      env: { account: aws.account, region: aws.region },
    });
    new PushEvents(stack, 'PushEvents', { repositoryPrefixes, messageGroupId: groupId, registries: [registry] });
    return stack;
  };
  /** How many rules of a stack take an event. */
  const takers = async (stack: Stack, event: object) => {
    const patterns = ofType(stack, 'AWS::Events::Rule').map(({ EventPattern }) => JSON.stringify(EventPattern));
    const Event = JSON.stringify(event);
    const answers = await Promise.all(
      patterns.map((EventPattern) => events.send(new TestEventPatternCommand({ EventPattern, Event }))),
    );
    return answers.filter(({ Result }) => Result).length;
  };

  it('takes a push of the registry at both ends, and of nobody else', async () => {
    for (const stack of [forwarding(), receiving()]) {
      expect(await takers(stack, push)).toBe(1);
      expect(await takers(stack, { ...push, account: '333333333333' })).toBe(0);
      expect(await takers(stack, { ...push, region: 'ap-south-1' })).toBe(0);
      expect(await takers(stack, { ...push, detail: { ...push.detail, 'repository-name': 'billing/web' } })).toBe(0);
    }
    // One that was forwarded to here is not forwarded on, and one of its own is looked at.
    const own = { ...push, account: aws.account, region: aws.region };
    expect(await takers(forwarding(), own)).toBe(0);
    expect(await takers(receiving(), own)).toBe(1);
  });

  it("takes rules whose target is another account's bus, by the role that they bring", async () => {
    for (const [index, { EventPattern, Targets }] of ofType(forwarding(), 'AWS::Events::Rule').entries()) {
      const Rule = `forward-${index}`;
      await events.send(new PutRuleCommand({ Name: Rule, EventPattern: JSON.stringify(EventPattern) }));
      const [target] = Targets;
      expect(target.RoleArn).toBeDefined();
      const put = new PutTargetsCommand({
        Rule,
        Targets: [{ ...target, RoleArn: 'arn:aws:iam::210987654321:role/f' }],
      });
      expect((await events.send(put)).FailedEntryCount).toBe(0);
    }
  });
});
