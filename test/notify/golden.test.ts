import { describe, expect, it } from 'vitest';
import { incidentKinds } from '../../lib/model/incident.ts';
import type { Notice } from '../../lib/model/messages.ts';
import { openingOf, resolvedMessage, slackMessage } from '../../lib/notify/render-slack.ts';
import { topicMessage } from '../../lib/notify/render-topic.ts';
import { messageError } from '../standins/slack-rules.ts';
import { chatSchema } from './chat-rules.ts';
import { notice } from './notices.ts';

const cases: Record<string, Notice> = {};
for (const kind of incidentKinds) cases[kind] = notice('opened', kind, samples()[kind]);
cases['drift, changed'] = notice('changed', 'drift');
cases['drift, resolved'] = notice('resolved', 'drift', {
  title: 'apps/Deployment/shop-prod/web was changed by kubectl-set: resolved, converged by pull (open for 12 min)',
});
cases['unhealthy, resolved'] = notice('resolved', 'unhealthy', {
  title: 'shop-prod is not healthy: resolved, healthy again (open for 3 h 20 min)',
});
const own = { type: 'Notice' as const, at: '2026-11-22T12:00:00.000Z' };
cases['bumped'] = {
  ...own,
  kind: 'bumped',
  title: 'web to 1.5.0, worker to 2.0.1',
  lines: ['apps/shop/web.yaml:14: 1.4.2 to 1.5.0'],
};
cases['bump failed, of no incident'] = { ...own, kind: 'bump-failed', title: 'web could not be bumped', lines: [] };
const where = { cluster: 'prod', sync: 'shop-prod', namespaces: ['shop-prod'] };
cases['rolled back'] = {
  ...{ ...own, ...where, kind: 'rolled-back', title: 'web went back from 1.6.0 to 1.5.3: shop-prod was not healthy' },
  lines: [
    'apps/Deployment/shop-prod/web: CrashLoopBackOff',
    'commit 4d5e6f7a8b9c undoes the bump 1a2b3c4d5e6f, which answered the push 7c1f',
    'web is held on 1.5.3 until there is a tag past 1.6.0: holds/web.1a2b.yaml',
  ],
};
cases['a rollback that was refused'] = {
  ...{ ...own, ...where, kind: 'rollback-refused', title: 'shop-prod is not healthy, and was not rolled back' },
  lines: ['Ada changed apps/shop/web.yaml after the bump: 9c8b7a6d5e4f'],
};
cases['a test'] = {
  ...own,
  kind: 'test',
  title: 'A test of acme/shop-config, by windlass bootstrap',
  lines: ['Messages of Windlass arrive here.'],
};
cases['that not all is told'] = {
  ...{ ...own, kind: 'untold', cluster: 'prod' },
  title: 'prod: 60 messages were told of its reports since 12:00 UTC, and no more are in this hour',
  lines: ['it is arn:aws:eks:eu-west-1:123456789012:cluster/acme-prod'],
};
cases['sync failed, of no incident'] = {
  ...own,
  kind: 'sync-failed',
  title: 'shop could not be synced',
  lines: [],
  sync: 'shop',
};

/** What the report flow says of each kind of incident. */
function samples(): Record<(typeof incidentKinds)[number], Partial<Notice>> {
  const none = { sync: undefined, cluster: undefined, namespaces: undefined };
  return {
    drift: {},
    'sync-failed': {
      title: 'shop-prod could not be synced',
      lines: [
        'apps/shop/prod/web.yaml:12:3: spec.replica is no field',
        '  |   replica: 3',
        '  |   ^',
        '  = did you mean "replicas"?',
      ],
    },
    unhealthy: {
      title: 'shop-prod is not healthy',
      lines: ['apps/Deployment/shop-prod/web: Failed, CrashLoopBackOff'],
    },
    unknown: { title: 'shop-prod cannot be checked fully for drift', lines: ['apps/Deployment: forbidden'] },
    'config-invalid': {
      ...none,
      title: 'windlass.yaml is broken: nothing is bumped, and syncs go on as it last was',
      lines: ['windlass.yaml:3:1: unknown key "sync"', '  | sync: {}', '  | ^'],
    },
    'bump-failed': { ...none, title: 'web could not be bumped', lines: ['the branch is protected'] },
    'prune-waits': { title: 'shop-prod: what left Git waits for an approval', lines: ['12 of 30 objects left Git'] },
    'history-rewritten': {
      title: 'shop-prod: the history of the branch was rewritten',
      lines: ['abc is no ancestor of def'],
    },
    fight: {
      title: 'shop-prod: another writer keeps changing what Git says',
      lines: ['apps/Deployment/shop-prod/web: hpa, 5 times'],
    },
    'sync-left': {
      title: 'shop-prod left windlass.yaml; what it applied stays in the cluster',
      lines: ['12 objects are in its applied record'],
    },
    behind: {
      title: 'shop-prod is behind Git',
      lines: ['the cluster has 1a2b3c4d5e6f, Git is at 4d5e6f7a8b9c, since 12:01:33'],
    },
    'puller-silent': {
      ...none,
      cluster: 'prod',
      title: 'the puller of prod does not report',
      lines: ['its last report is of 2026-11-22T12:01:33Z'],
    },
    'checker-stale': {
      ...none,
      cluster: 'prod',
      title: 'prod is not checked for drift any more',
      lines: ['its last check is of 2026-11-22T12:01:33Z'],
    },
    'held-long': {
      ...none,
      title: 'sync shop has been suspended for long',
      lines: ['by ada@acme.example since 2026-11-15T12:01:33Z: the sale runs'],
    },
  };
}

/** What people see of a Slack message, a block a paragraph. */
function seen(one: Notice): string {
  const { text, blocks } = slackMessage(one);
  const texts = blocks.map((block) =>
    block.type === 'section' ? block.text.text : block.elements.map((part) => part.text).join(' | '),
  );
  return [`(${text})`, ...texts].join('\n');
}

describe.each(Object.entries(cases))('the message of %s', (_, one) => {
  it('in Slack', () => {
    expect(messageError({ ...slackMessage(one) })).toBeUndefined();
    expect(seen(one)).toMatchSnapshot();
  });

  it('for Amazon Q Developer', () => {
    const chat = JSON.parse(topicMessage(one).texts['https']!);
    expect(chatSchema.parse(chat)).toEqual(chat);
    expect(chat).toMatchSnapshot();
  });

  it('as an e-mail, for programs and for filter policies', () => {
    const { subject, texts, attributes, id } = topicMessage(one);
    expect(subject).toMatch(/^[A-Za-z][\x20-\x7e]{0,99}$/);
    expect({ subject, text: texts.default, attributes }).toMatchSnapshot();
    expect(JSON.parse(texts['sqs']!)).toMatchObject({ version: 1, id, title: one.title, at: one.at, ...attributes });
  });
});

it('writes the end of an incident into its first message, with what that had said', () => {
  const opened = cases['drift']!;
  const { blocks } = resolvedMessage(cases['drift, resolved']!, openingOf(opened));
  expect(JSON.stringify(blocks)).toContain('*Drift, resolved*');
  expect(JSON.stringify(blocks)).toContain(opened.lines[0]);
});
