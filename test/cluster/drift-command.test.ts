import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { cluster, describeWithCluster, temporaryFolder } from '../helpers/cluster.ts';
import { windlass } from '../helpers/io.ts';
import { configMap, deployment, namespace } from '../pull/manifests.ts';
import { syncSpec } from '../pull/world.ts';

describeWithCluster('windlass drift', () => {
  it('tells a story: nothing, behind, drift by hand, and nothing again after a pull', async () => {
    const { name } = syncSpec();
    const inNamespace = `ns-${name}`;
    const folder = await temporaryFolder();
    const repo = join(folder, 'config');
    const env = { ...process.env, WINDLASS_CACHE: join(folder, 'cache') };
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', repo, '-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args], {
        encoding: 'utf8',
      }).trim();
    const kubectlPath = (await findKubectl({ env: process.env })).path;
    const { kubeconfigPath } = cluster();
    const kubectl = (...args: string[]) =>
      execFileSync(kubectlPath, ['--kubeconfig', kubeconfigPath, ...args], { encoding: 'utf8', stdio: 'pipe' });
    onTestFinished(() => void kubectl('delete', 'namespace', inNamespace, '--wait=false', '--ignore-not-found'));
    const run = (command: string, ...more: string[]) =>
      windlass([command, '--repo', repo, '--sync', name, '--kubeconfig', kubeconfigPath, ...more], { env });
    const json = async () => {
      const { code, stdout, stderr } = await run('drift', '--json');
      expect(stderr).toBe('');
      return { code, ...JSON.parse(stdout) };
    };

    await mkdir(join(repo, 'app'), { recursive: true });
    git('init', '-q', '-b', 'main');
    await writeFile(
      join(repo, 'windlass.yaml'),
      `windlass: 1\nclusters: { test: {} }\nsyncs:\n  ${name}: { cluster: test, path: app }\n`,
    );
    await writeFile(join(repo, 'app', 'namespace.yaml'), namespace(inNamespace));
    await writeFile(join(repo, 'app', 'web.yaml'), deployment(inNamespace, 'web', 'web:1.4.0'));
    git('add', '.');
    git('commit', '-q', '-m', 'first');
    const first = git('rev-parse', 'HEAD');

    const never = await run('drift');
    expect(never.code).toBe(3);
    expect(never.stdout).toContain('unknown  everything: never pulled');
    expect(await run('drift', '--cluster', 'test')).toEqual(never);
    expect(await run('drift', '--cluster', 'other')).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining(`sync ${name} is in cluster test, not in other`) },
    });

    expect((await run('pull')).code).toBe(0);
    expect(await json()).toEqual({ code: 0, revision: first, drift: [], behind: [], unknown: [], notices: [] });

    await writeFile(join(repo, 'app', 'settings.yaml'), configMap(inNamespace, 'settings', { mode: 'plain' }));
    git('add', '.');
    git('commit', '-q', '-m', 'second');
    const head = git('rev-parse', 'HEAD');
    const behind = [{ sync: name, revision: first, head }];
    expect(await json()).toEqual({ code: 0, revision: first, drift: [], behind, unknown: [], notices: [] });

    kubectl('-n', inNamespace, 'set', 'image', 'deployment/web', 'web=web:hand');
    const object = `apps/Deployment/${inNamespace}/web`;
    const field = {
      path: 'spec.template.spec.containers[name=web].image',
      ...{ git: 'web:1.4.0', live: 'web:hand', manager: 'kubectl-set', operation: 'Update', time: expect.any(String) },
    };
    expect(await json()).toEqual({
      ...{ code: 1, revision: first, behind, unknown: [], notices: [] },
      drift: [{ object, state: 'changed', fields: [field] }],
    });
    const people = await run('drift');
    expect(people.code).toBe(1);
    const time = /by {7}kubectl-set, Update, (\S+)/.exec(people.stdout)?.[1];
    expect(people.stdout.split('\n')).toEqual([
      `changed  ${object}`,
      '    spec.template.spec.containers[name=web].image',
      '      cluster  "web:hand"',
      '      Git      "web:1.4.0"',
      `      by       kubectl-set, Update, ${time}`,
      `behind  the cluster has ${first.slice(0, 12)}, Git is at ${head.slice(0, 12)}: the next pull applies it`,
      `${name} at ${first.slice(0, 12)}: 1 object drifted`,
      '',
    ]);

    expect((await run('pull')).code).toBe(0);
    expect(await json()).toEqual({ code: 0, revision: head, drift: [], behind: [], unknown: [], notices: [] });
    kubectl('-n', inNamespace, 'delete', 'configmap', 'settings');
    const missing = await run('drift');
    expect(missing.code).toBe(1);
    expect(missing.stdout).toContain(`missing  ConfigMap/${inNamespace}/settings`);
  });

  it('says what is wrong with the question', async () => {
    const folder = await temporaryFolder();
    const none = await windlass(['drift', '--repo', folder, '--sync', 'x', '--kubeconfig', cluster().kubeconfigPath]);
    expect(none.code).toBe(2);
    expect(none.stderr).not.toMatch(/^ +at /m);
    const half = await windlass(['drift', '--sync', 'x']);
    expect(half.code).toBe(2);
  });
});
