import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { windlass } from '../helpers/io.ts';
import { tempTree } from '../helpers/temp-tree.ts';

const live = JSON.parse(readFileSync(new URL('../fixtures/kube/live.json', import.meta.url), 'utf8'));
const health = (objects: unknown[], ...options: string[]) => {
  const stdin = objects.map((object) => JSON.stringify(object)).join('\n---\n');
  return windlass(['health', '-f', '-', ...options], { stdin });
};

describe('windlass health', () => {
  it('prints one line for each document in order, as JSON', async () => {
    const { code, stdout } = await health([live.deployment, live.claim, live.autoscalerOfNothing], '--json');
    expect(JSON.parse(stdout)).toEqual([
      { object: 'apps/Deployment/shop/web', status: 'Current', reason: '3 of 3 replicas are available' },
      { object: 'PersistentVolumeClaim/shop/data', status: 'Current', reason: expect.stringContaining('bound') },
      {
        object: 'autoscaling/HorizontalPodAutoscaler/shop/nowhere',
        status: 'InProgress',
        reason: expect.stringContaining('FailedGetScale'),
      },
    ]);
    expect(code).toBe(1);
  });

  it('ends with 0 when all is current, and prints a table for people', async () => {
    const { code, stdout } = await health([live.deployment, live.namespace]);
    expect({
      code,
      lines: stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    }).toEqual({
      code: 0,
      lines: [
        ['apps/Deployment/shop/web', 'Current', '3 of 3 replicas are available'],
        ['Namespace/shop', 'Current', 'it is there'],
      ],
    });
  });

  it('reads lists, and lets pods among the objects speak for their workload', async () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [live.deploymentBroken, ...live.podsOfBroken] };
    const { code, stdout } = await health([list], '--json');
    const [deployment, ...pods] = JSON.parse(stdout);
    expect(deployment).toMatchObject({ status: 'Failed', reason: expect.stringContaining('CrashLoopBackOff') });
    expect({ code, pods: pods.length }).toEqual({ code: 1, pods: 3 });
  });

  it('refuses what is no object, with the place', async () => {
    const { code, stdout, stderr } = await windlass(['health', '-f', '-'], { stdin: 'kind: ConfigMap\n' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('apiVersion');
  });

  it('refuses a file that is not there', async () => {
    const { code, stderr } = await windlass(['health', '-f', 'no-such-file.yaml']);
    expect(code).toBe(2);
    expect(stderr).toContain('no-such-file.yaml');
  });

  it('goes by the rules of a windlass.yaml that is named', async () => {
    const cwd = await tempTree({
      'windlass.yaml': 'windlass: 1\nhealth:\n  example.com/Widget: { current: status.size == spec.size }\n',
      'broken.yaml': 'windlass: 1\nhealth:\n  example.com/Widget: { current: status.size = }\n',
      'widget.yaml':
        'apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: w }\nspec: { size: 2 }\nstatus: { size: 1 }\n',
    });
    const plain = await windlass(['health', '-f', 'widget.yaml', '--json'], { cwd });
    expect(JSON.parse(plain.stdout)).toMatchObject([{ status: 'Current' }]);
    const ruled = await windlass(['health', '-f', 'widget.yaml', '--config', 'windlass.yaml', '--json'], { cwd });
    expect(JSON.parse(ruled.stdout)).toMatchObject([{ object: 'example.com/Widget/w', status: 'InProgress' }]);
    const broken = await windlass(['health', '-f', 'widget.yaml', '--config', 'broken.yaml'], { cwd });
    expect({ code: broken.code, stdout: broken.stdout }).toEqual({ code: 2, stdout: '' });
    expect(broken.stderr).toContain('broken.yaml:3:34');
  });
});
