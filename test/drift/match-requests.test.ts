import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longestWindow, untoldWindow, windowOf } from '../../lib/drift/audit-window.ts';
import { isPluralOf, matchRequests } from '../../lib/drift/match-requests.ts';
import type { AuditedWrite } from '../../lib/drift/ports.ts';
import type { WhoWanted } from '../../lib/model/messages.ts';
import type { WhoQuestion } from '../../lib/model/who.ts';

const time = (seconds: number) => new Date(Date.UTC(2026, 10, 22, 12) + seconds * 1000).toISOString();
const write = (more: Partial<AuditedWrite> = {}): AuditedWrite => ({
  at: time(93.4),
  verb: 'patch',
  user: 'ada',
  manager: 'kubectl-set',
  group: 'apps',
  resource: 'deployments',
  namespace: 'shop',
  name: 'web',
  ...more,
});
const web = 'apps/Deployment/shop/web';
const byTool = (...tools: WhoQuestion['tools']): WhoQuestion => ({ object: web, gone: false, untold: false, tools });
const set = byTool({ manager: 'kubectl-set', at: time(93) });
const untold: WhoQuestion = { object: web, gone: false, untold: true, tools: [] };
const gone: WhoQuestion = { object: web, gone: true, untold: true, tools: [] };
const looks = { since: time(0), until: time(300) };
const matched = (question: WhoQuestion, ...writes: AuditedWrite[]) =>
  matchRequests(question, writes, untoldWindow(looks)).map(({ person }) => person);

describe('the requests that fit a change', () => {
  it('are those of the tool, about its time', () => {
    expect(matched(set, write())).toEqual(['ada']);
    expect(matched(set, write({ manager: 'kubectl-edit' }))).toEqual([]);
    expect(matched(set, write({ at: time(20) }))).toEqual([]);
    expect(matched(set, write({ at: time(160) }))).toEqual([]);
  });

  it('are those of the tool since the last look, where it has no time', () => {
    const question = byTool({ manager: 'kubectl' });
    const scale = { manager: 'kubectl', subresource: 'scale' };
    expect(
      matched(question, write({ ...scale, at: time(1) }), write({ ...scale, at: time(-100), user: 'bob' })),
    ).toEqual(['ada']);
  });

  it('know the tool by as much of its name as the API server keeps', () => {
    const manager = 'x'.repeat(200);
    expect(matched(byTool({ manager: manager.slice(0, 128), at: time(93) }), write({ manager }))).toEqual(['ada']);
  });

  it('are of that object alone', () => {
    for (const other of [{ group: '' }, { resource: 'statefulsets' }, { namespace: 'web' }, { name: 'we' }])
      expect(matched(untold, write(other))).toEqual([]);
    expect(matched(untold, write({ subresource: 'status' }))).toEqual([]);
    expect(matched(untold, write({ verb: 'deletecollection', name: '' }))).toEqual([]);
  });

  it('are all that changed it where no tool is known', () => {
    expect(matched(untold, write(), write({ manager: 'k9s', user: 'bob' }))).toEqual(['ada', 'bob']);
    expect(matched(untold, write({ at: time(-100) }), write({ at: time(900) }))).toEqual([]);
  });

  it('are what took it away where it is gone', () => {
    const collection = { verb: 'deletecollection', name: '' };
    const namespace = { group: '', resource: 'namespaces', namespace: 'shop', name: 'shop' };
    const answers = matchRequests(
      gone,
      [
        write({ verb: 'delete' }),
        write({ ...collection, user: 'bob' }),
        write({ ...collection, user: 'other', namespace: 'elsewhere' }),
        write({ ...collection, user: 'other', resource: 'pods', group: '' }),
        write({ ...namespace, user: 'carol', verb: 'delete' }),
        write({ ...namespace, user: 'other', verb: 'patch' }),
        write({ user: 'other' }),
      ],
      untoldWindow(looks),
    );
    expect(answers.map(({ person, on }) => [person, on])).toEqual([
      ['ada', undefined],
      ['bob', 'all deployments'],
      ['carol', 'its namespace'],
    ]);
  });

  it('are not those of Windlass and of the cluster itself', () => {
    const users = [
      'system:serviceaccount:windlass-system:windlass-puller',
      'system:serviceaccount:kube-system:namespace-controller',
      'system:kube-controller-manager',
      'system:node:ip-10-0-0-1',
      'eks:addon-manager',
    ];
    for (const user of users) expect(matched(untold, write({ user }))).toEqual([]);
    for (const user of ['system:admin', 'system:anonymous', 'system:serviceaccount:ci:deploy', 'kubernetes-admin'])
      expect(matched(untold, write({ user }))).toEqual([user]);
  });

  it('are told once where they are the same but for the time, and ten at most, the latest', () => {
    const again = matchRequests(set, [write(), write({ at: time(95) })], untoldWindow(looks));
    expect(again).toMatchObject([{ at: time(95) }]);
    const many = Array.from({ length: 30 }, (_, index) => write({ user: `user-${index}` }));
    expect(matched(set, ...many)).toEqual(many.slice(-10).map(({ user }) => user));
  });

  it('name the IAM identity rather than the user', () => {
    expect(matched(set, write({ arn: 'arn:aws:iam::1:user/ada' }))).toEqual(['arn:aws:iam::1:user/ada']);
  });

  it('are none for what is no object', () => {
    expect(matched({ ...untold, object: 'what' }, write())).toEqual([]);
  });

  it('take a Namespace for inside of itself, as the API server does', () => {
    const question = { ...untold, object: 'Namespace/shop' };
    expect(matched(question, write({ group: '', resource: 'namespaces', namespace: 'shop', name: 'shop' }))).toEqual([
      'ada',
    ]);
  });
});

describe('the plural of a kind', () => {
  it('follows from it, with its ending', () => {
    for (const [kind, plural] of Object.entries({
      Ingress: 'ingresses',
      NetworkPolicy: 'networkpolicies',
      Endpoints: 'endpoints',
      Gateway: 'gateways',
    }))
      expect(isPluralOf(plural, kind)).toBe(true);
    expect(isPluralOf('pods', 'Pod2')).toBe(false);
  });
});

describe('the time that is looked at', () => {
  const wanted = (more: Partial<WhoWanted> = {}): WhoWanted => ({
    type: 'WhoWanted',
    cluster: 'prod',
    sync: 'shop',
    incident: 'i',
    ...looks,
    objects: [set],
    ...more,
  });
  const span = (of: WhoWanted) => {
    const { from, to } = windowOf(of);
    return [new Date(from).toISOString(), new Date(to).toISOString()];
  };

  it('is two minutes around what managedFields give', () => {
    expect(span(wanted())).toEqual([time(33), time(153)]);
  });

  it('is between the looks where they give nothing, and takes in all objects', () => {
    expect(span(wanted({ objects: [set, gone] }))).toEqual([time(-60), time(420)]);
  });

  it('holds the later look where the clocks tell the looks in the wrong order', () => {
    expect(span(wanted({ since: time(300), until: time(120), objects: [gone] }))).toEqual([time(60), time(240)]);
  });

  it('is never longer than six hours, whatever is asked', () => {
    const at = fc.integer({ min: -1e6, max: 1e6 }).map(time);
    const question = fc.record({
      object: fc.constant(web),
      gone: fc.boolean(),
      untold: fc.boolean(),
      tools: fc.array(fc.record({ manager: fc.constant('kubectl'), at }, { requiredKeys: ['manager'] }), {
        minLength: 1,
      }),
    });
    const objects = fc.array(question, { minLength: 1 });
    fc.assert(
      fc.property(fc.record({ since: at, until: at, objects }), (asked) => {
        const { from, to } = windowOf(wanted(asked));
        expect(to - from).toBeGreaterThan(0);
        expect(to - from).toBeLessThanOrEqual(longestWindow);
      }),
    );
  });
});
