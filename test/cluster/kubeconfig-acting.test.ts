import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { expect, it, onTestFinished } from 'vitest';
import { openCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { cluster, describeWithCluster, temporaryFolder } from '../helpers/cluster.ts';

describeWithCluster('a kubeconfig that acts as somebody', () => {
  it('is that one to the API server, with the groups and all else that kubectl sends', async () => {
    const whole = load(await readFile(cluster().kubeconfigPath, 'utf8')) as { users: { user: object }[] };
    const acting = {
      ...{ as: 'ada', 'as-groups': ['release', 'on-call'], 'as-uid': '7' },
      'as-user-extra': { 'acme.example/reason': ['night shift'] },
    };
    Object.assign(whole.users[0]!.user, acting);
    const file = join(await temporaryFolder(), 'kubeconfig');
    await writeFile(file, JSON.stringify(whole));
    const { client } = await openCluster({ kubeconfig: file });
    onTestFinished(() => client.close());
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const { json } = await client.send({ verb: 'get', method: 'POST', path, body: JSON.stringify(review) });
    expect(json).toMatchObject({
      status: {
        userInfo: {
          ...{ username: 'ada', uid: '7', groups: ['release', 'on-call', 'system:authenticated'] },
          extra: { 'acme.example/reason': ['night shift'] },
        },
      },
    });
  });
});
