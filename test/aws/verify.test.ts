import { describe, expect, it } from 'vitest';
import { clustersChecked } from '../../aws/verify/checks.ts';
import { announcement, dollarsAnHour, filesOf, planOf } from '../../aws/verify/plan.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { findMarkers } from '../../lib/edit/find-markers.ts';

const wish = {
  ...{ id: 'ab12cd', account: '123456789012', region: 'eu-west-1', partition: 'aws', repo: 'acme/config' },
  ...{ githubSecret: 'windlass/github', githubUrl: undefined, cluster: undefined },
};
const cluster = 'arn:aws:eks:eu-west-1:123456789012:cluster/prod';

describe('what a verification makes', () => {
  it('has its id in every name, none of which is so long that AWS would cut it out of the names of functions', () => {
    const { branch, stack, accessStack, repository } = planOf(wish);
    for (const name of [branch, stack, accessStack, repository]) expect(name).toContain('ab12cd');
    expect(stack.length).toBeLessThanOrEqual(24);
  });

  it('is an image of the registry of its account, also in China', () => {
    expect(planOf(wish).image).toBe('123456789012.dkr.ecr.eu-west-1.amazonaws.com/windlass-verify-ab12cd/app');
    expect(planOf({ ...wish, region: 'cn-north-1', partition: 'aws-cn' }).image).toContain(
      'cn-north-1.amazonaws.com.cn/',
    );
  });

  it.each([undefined, cluster])('is a config repo that is right, with the cluster %s, and a marker in it', (arn) => {
    const plan = planOf({ ...wish, cluster: arn });
    const files = filesOf(plan);
    const { config, problems, warnings } = readConfig(files['windlass.yaml']!);
    expect([...problems, ...warnings]).toEqual([]);
    expect(Object.keys(config!.images)).toEqual(['app']);
    const found = findMarkers({ path: 'deploy/app.yaml', bytes: Buffer.from(files['deploy/app.yaml']!) });
    expect(found?.markers).toHaveLength(1);
  });

  it('is told before, with its cost and with what is done to a cluster', () => {
    const text = announcement(planOf({ ...wish, cluster }));
    expect(text).toContain('account 123456789012, in eu-west-1');
    expect(text).toContain(`an access entry by which Windlass reads ${cluster}`);
    expect(text).toContain(`$${dollarsAnHour(30).toFixed(2)} for each hour`);
    expect(announcement(planOf(wish))).not.toContain('access entry');
  });
});

describe('the clusters that a drift check reached', () => {
  it('are counted by the metric in its log, whichever way it is written', () => {
    const line = (count: string) =>
      `START\n{"_aws":{"Timestamp":1},"repo":"acme/config@main","ClustersChecked":${count}}\nEND`;
    expect(clustersChecked(line('1'))).toBe(1);
    expect(clustersChecked(line('[0,2]'))).toBe(2);
    expect(clustersChecked(`${line('0')}\n${line('3')}`)).toBe(3);
  });

  it('are unknown where its log says nothing', () => expect(clustersChecked('START\nEND')).toBeUndefined());
});
