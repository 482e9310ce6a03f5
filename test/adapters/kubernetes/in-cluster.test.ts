import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { accessInCluster } from '../../../lib/adapters/kubernetes/in-cluster.ts';
import { temporaryFolder } from '../../helpers/cluster.ts';

const env = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '6443' };

async function account(token: string, ca = 'CA'): Promise<string> {
  const directory = await temporaryFolder();
  await writeFile(join(directory, 'token'), token);
  await writeFile(join(directory, 'ca.crt'), ca);
  return directory;
}

describe('the way in by the service account of the pod', () => {
  it('has the address that Kubernetes tells every pod', () => {
    expect(accessInCluster(env, '/nowhere').server).toBe('https://10.96.0.1:6443');
    expect(accessInCluster({ KUBERNETES_SERVICE_HOST: 'fd00::1' }, '/nowhere').server).toBe('https://[fd00::1]:443');
    expect(() => accessInCluster({}, '/nowhere')).toThrow('set KUBECONFIG to run outside of a cluster');
  });

  it('takes the token and the authority that the kubelet replaced, at once after a refusal', async () => {
    const directory = await account('first\n');
    const access = accessInCluster(env, directory);
    expect(await access.credentials()).toEqual({ tls: { ca: 'CA' }, headers: { authorization: 'Bearer first' } });
    await writeFile(join(directory, 'token'), 'second');
    await writeFile(join(directory, 'ca.crt'), 'NEW CA');
    expect((await access.credentials()).headers).toEqual({ authorization: 'Bearer first' });
    expect(await access.credentials(true)).toEqual({
      tls: { ca: 'NEW CA' },
      headers: { authorization: 'Bearer second' },
    });
    expect((await access.credentials()).headers).toEqual({ authorization: 'Bearer second' });
  });

  it('says which file is missing', async () => {
    const directory = await account('first');
    await rm(join(directory, 'token'));
    await expect(accessInCluster(env, directory).credentials()).rejects.toMatchObject({ code: 'service-account' });
  });
});
