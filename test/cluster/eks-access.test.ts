import { createHash, createHmac } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { eksClusters } from '../../functions/wiring/eks-clusters.ts';
import { openEksAccess } from '../../lib/adapters/aws/eks-access.ts';
import { Client } from '../../lib/adapters/kubernetes/client.ts';
import { KubernetesCluster } from '../../lib/adapters/kubernetes/cluster.ts';
import { issueCertificate } from '../../lib/adapters/local/control-plane/certificate.ts';
import { describeWithCluster, privateControlPlane } from '../helpers/cluster.ts';
import { type Asked, standIn } from '../helpers/stand-in.ts';
import { tokenUsers } from '../helpers/token-users.ts';
import { noKustomizer } from '../pull/world.ts';

const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'canary-secret-key', sessionToken: 'canary/session+==' };
const role = 'arn:aws:sts::111111111111:assumed-role/windlass-drift/windlass';
const named = { name: 'acme', region: 'eu-west-1' };
const clusterArn = 'arn:aws:eks:eu-west-1:111111111111:cluster/acme';
const day = 86_400_000;

/** What STS says of a role that was taken on. */
const taken = `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAOTHER</AccessKeyId>
  <SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey><SessionToken>taken</SessionToken><Expiration>2036-11-22T13:00:00Z</Expiration>
  </Credentials></AssumeRoleResult></AssumeRoleResponse>`;
const isSts = ({ method }: Asked) => method === 'POST';

/** Checks a token as EKS's authenticator does, and its signature as STS would: the name of the cluster is the one signed. */
function refusalOf(token: string, cluster: string, now: number): string | undefined {
  if (!token.startsWith('k8s-aws-v1.') || token.length > 4096) return 'it is no token of EKS';
  const url = new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString());
  const query = new Map(url.searchParams);
  if (url.protocol !== 'https:' || url.host !== 'sts.eu-west-1.amazonaws.com' || url.pathname !== '/')
    return `${url.origin}${url.pathname} is not STS`;
  const signed = query.get('X-Amz-Date') ?? '';
  const at = Date.parse(signed.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'));
  if (!(Math.abs(now - at) <= 15 * 60_000)) return 'it is older than 15 minutes';
  const signature = query.get('X-Amz-Signature');
  query.delete('X-Amz-Signature');
  const encoded = [...query].map(([key, value]) => `${key}=${encodeURIComponent(value)}`).sort();
  const headers = `host:${url.host}\nx-k8s-aws-id:${cluster}\n\nhost;x-k8s-aws-id`;
  const canonical = `GET\n/\n${encoded.join('&')}\n${headers}\n${createHash('sha256').digest('hex')}`;
  const scope = `${signed.slice(0, 8)}/eu-west-1/sts/aws4_request`;
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${keys.secretAccessKey}`);
  const hash = createHash('sha256').update(canonical).digest('hex');
  const right = hmac(key, `AWS4-HMAC-SHA256\n${signed}\n${scope}\n${hash}`).toString('hex');
  return signature === right ? undefined : 'its signature is wrong';
}

/** An API server that asks this process who a token belongs to, as EKS's does; and a stand-in for DescribeCluster, which MiniStack answers without a real CA. */
async function eks() {
  const clock = { now: Date.now() };
  const seen: { token: string; refusal: string | undefined }[] = [];
  const flags = await tokenUsers((token) => {
    const refusal = refusalOf(token, named.name, clock.now);
    seen.push({ token, refusal });
    return refusal ?? { username: role, groups: ['windlass:drift'], extra: { arn: [role] } };
  });
  const controlPlane = await privateControlPlane({ apiServerFlags: flags });
  const described = { ca: controlPlane.caPem };
  const api = await standIn({
    '127.0.0.1': (asked) => ({
      headers: { 'content-type': isSts(asked) ? 'text/xml' : 'application/json' },
      body: isSts(asked)
        ? taken
        : {
            cluster: {
              ...named,
              status: 'ACTIVE',
              endpoint: controlPlane.server,
              certificateAuthority: { data: Buffer.from(described.ca).toString('base64') },
            },
          },
    }),
  });
  /** As the scheduled check opens it. */
  const openToCheck = async (grant: { role?: string } = {}) => {
    const options = { endpoint: api.url, credentials: keys, now: () => new Date(clock.now) };
    const source = { head: async () => 'a'.repeat(40), open: () => Promise.reject(new Error('nothing is rendered')) };
    const opened = await eksClusters(
      { source, kustomizer: noKustomizer, grants: [{ arn: clusterArn, ...grant }] },
      options,
    )({
      ...{ name: 'dev', eks: named.name, region: named.region },
    });
    onTestFinished(() => opened.close());
    return opened;
  };
  /** `skew`: how far the clock of whoever signs is ahead, in milliseconds. */
  const open = async (name = named.name, skew = 0) => {
    const options = { endpoint: api.url, credentials: keys, now: () => new Date(clock.now + skew) };
    const access = await openEksAccess({ ...named, name }, options);
    const cluster = new KubernetesCluster(new Client(access));
    onTestFinished(async () => {
      await cluster.close();
      access.close();
    });
    return cluster;
  };
  return { clock, seen, described, asked: api.asked, open, openToCheck, ca: controlPlane.caPem };
}

const another = () =>
  issueCertificate({ commonName: 'another', use: 'authority', validFrom: new Date(Date.now() - day), days: 2 }).certPem;

describeWithCluster('an API server that asks as EKS does', () => {
  it('lets the token in, and a new one when the first is nearly over', async () => {
    const { clock, seen, open } = await eks();
    const cluster = await open();
    // Everybody who is let in may discover; nothing else is granted to the role.
    expect(await cluster.resource('apps/v1', 'Deployment')).toMatchObject({ plural: 'deployments' });
    expect(new Set(seen.map(({ token }) => token)).size).toBe(1);
    clock.now += 14.5 * 60_000;
    cluster.rediscover();
    expect(await cluster.resource('v1', 'ConfigMap')).toMatchObject({ plural: 'configmaps' });
    expect(new Set(seen.map(({ token }) => token)).size).toBe(2);
    expect(seen.map(({ refusal }) => refusal).filter(Boolean)).toEqual([]);
  });

  it('is told who is not allowed what, with the ARN that the access entry is for', async () => {
    const { open } = await eks();
    const cluster = await open();
    const deployments = { apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true };
    const refused = cluster.list(deployments);
    await expect(refused).rejects.toMatchObject({ name: 'UserError', code: 'forbidden' });
    await expect(refused).rejects.toThrow(role);
  });

  it('tells the scheduled check what to run where it may not read, and lets it act as nobody else', async () => {
    const { openToCheck } = await eks();
    const { cluster, records, secrets, impersonation } = await openToCheck();
    expect({ secrets, impersonation }).toEqual({ secrets: 'left', impersonation: 'never' });
    await expect(records.syncs!()).rejects.toThrow(/forbids: .*windlass install --checker/s);
    const pods = { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true };
    const first = cluster.pages(pods, {})[Symbol.asyncIterator]().next();
    await expect(first).rejects.toThrow(/forbids: .*windlass install --checker/s);
  });

  it('lets the scheduled check in as the role that the grant of a cluster names, and as itself where it names none', async () => {
    const { asked, openToCheck, seen } = await eks();
    const { cluster: own } = await openToCheck();
    expect(await own.resource('v1', 'ConfigMap')).toBeDefined();
    expect(asked.filter(isSts)).toEqual([]);
    const checker = 'arn:aws:iam::222222222222:role/windlass-checker-acme-eu-west-1';
    const { cluster } = await openToCheck({ role: checker });
    expect(await cluster.resource('v1', 'ConfigMap')).toBeDefined();
    expect(asked.filter(isSts).map(({ body }) => new URLSearchParams(body).get('RoleArn'))).toEqual([checker]);
    const signedBy = seen.map(({ token }) => {
      const url = new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString());
      return url.searchParams.get('X-Amz-Credential')?.split('/')[0];
    });
    expect(new Set(signedBy)).toEqual(new Set(['AKIDEXAMPLE', 'ASIAOTHER']));
    expect(seen.map(({ refusal }) => refusal).filter(Boolean)).toEqual([]);
  });

  it('gets no one in under the name of another cluster, or with a clock that is wrong, and is told what to look at', async () => {
    const { seen, open } = await eks();
    const other = await open('acme-prod');
    const refused = other.resource('v1', 'ConfigMap');
    await expect(refused).rejects.toMatchObject({ name: 'UserError', code: 'unauthorized' });
    await expect(refused).rejects.toThrow('acme-prod may have no access entry for this role');
    await expect(refused).rejects.not.toThrow('k8s-aws-v1');
    expect(new Set(seen.map(({ refusal }) => refusal))).toEqual(new Set(['its signature is wrong']));
    const late = await open(named.name, -16 * 60_000);
    await expect(late.resource('v1', 'ConfigMap')).rejects.toThrow('the clock here is wrong by minutes');
    expect(seen.at(-1)?.refusal).toBe('it is older than 15 minutes');
    expect(await (await open()).resource('v1', 'ConfigMap')).toBeDefined();
  });

  it('trusts two authorities while one takes the place of the other, and asks EKS again when the server has a new one', async () => {
    const { clock, described, asked, open, ca } = await eks();
    described.ca = another() + ca;
    expect(await (await open()).resource('v1', 'ConfigMap')).toBeDefined();
    described.ca = another();
    const late = await open();
    described.ca = ca;
    clock.now += 60_000;
    const before = asked.length;
    expect(await late.resource('v1', 'ConfigMap')).toBeDefined();
    expect(asked.length).toBe(before + 1);
    described.ca = another();
    const never = await open();
    await expect(never.resource('v1', 'ConfigMap')).rejects.toMatchObject({ name: 'UserError', code: 'certificate' });
  });
});
