import { describe, expect, it, onTestFinished } from 'vitest';
import { type EksOptions, openEksAccess } from '../../../lib/adapters/aws/eks-access.ts';
import { type Asked, type Reply, standIn } from '../../helpers/stand-in.ts';

/** What EKS answers to DescribeCluster: a stand-in for that one call. */
const cluster = (ca: string, more: object = {}): Reply => ({
  headers: { 'content-type': 'application/json' },
  body: {
    cluster: {
      name: 'acme',
      status: 'ACTIVE',
      endpoint: 'https://ABC.gr7.eu-west-1.eks.amazonaws.com',
      certificateAuthority: { data: Buffer.from(ca).toString('base64') },
      resourcesVpcConfig: { endpointPublicAccess: true },
      ...more,
    },
  },
});
const refusal = (status: number, type: string, message: string): Reply => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': type },
  body: { message },
});
const named = { name: 'acme', region: 'eu-west-1' };

/** An access to a cluster of which EKS says this, with a clock that stands still until it is moved. */
async function opened(answer: (asked: Asked) => Reply, options: EksOptions & { assumeRole?: string } = {}) {
  const { assumeRole, ...more } = options;
  const eks = await standIn({ '127.0.0.1': answer });
  const clock = { now: Date.parse('2026-11-22T12:00:00Z') };
  const access = await openEksAccess(
    { ...named, ...(assumeRole !== undefined && { assumeRole }) },
    {
      endpoint: eks.url,
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'canary-secret-key' },
      now: () => new Date(clock.now),
      ...more,
    },
  );
  onTestFinished(access.close);
  const pass = (minutes: number) => {
    clock.now += minutes * 60_000;
  };
  return { access, asked: eks.asked, pass };
}

describe('the way into a cluster of EKS', () => {
  it('asks EKS once for address and authorities, and keeps a token for 14 minutes', async () => {
    const { access, asked, pass } = await opened(() => cluster('one\ntwo\n'));
    expect(access.server).toBe('https://ABC.gr7.eu-west-1.eks.amazonaws.com');
    const first = await access.credentials();
    expect(first.tls).toEqual({ ca: 'one\ntwo\n' });
    expect(first.headers.authorization).toMatch(/^Bearer k8s-aws-v1\./);
    pass(13.9);
    expect(await access.credentials()).toEqual(first);
    pass(0.2);
    expect((await access.credentials()).headers).not.toEqual(first.headers);
    expect(asked.map(({ method, url }) => `${method} ${url.pathname}`)).toEqual(['GET /clusters/acme']);
  });

  it('reads the authorities again after an hour, and at once after a failure, but not for each of many', async () => {
    let ca = 'old';
    const { access, asked, pass } = await opened(() => cluster(ca));
    ca = 'old and new';
    pass(59);
    expect((await access.credentials()).tls.ca).toBe('old');
    pass(2);
    expect((await access.credentials()).tls.ca).toBe('old and new');
    ca = 'new';
    pass(1);
    const all = await Promise.all([1, 2, 3].map(() => access.credentials(true)));
    expect(all.map(({ tls }) => tls.ca)).toEqual(['new', 'new', 'new']);
    await access.credentials(true);
    expect(asked).toHaveLength(3);
  });

  it('makes a token anew after a 401 even where EKS is not asked again', async () => {
    const { access, asked, pass } = await opened(() => cluster('ca'));
    const first = await access.credentials();
    pass(0.1);
    expect((await access.credentials(true)).headers).not.toEqual(first.headers);
    expect(asked).toHaveLength(1);
  });

  it('goes on with what it knows while EKS does not answer', async () => {
    let answer = cluster('ca');
    const { access, pass } = await opened(() => answer);
    answer = refusal(500, 'ServerException', 'later');
    pass(61);
    expect((await access.credentials()).tls.ca).toBe('ca');
  });

  it.each([
    ['ResourceNotFoundException', 404, 'No cluster found for name: acme.', 'check eks and region'],
    ['AccessDeniedException', 403, 'not authorized', 'allow the role eks:DescribeCluster'],
    ['UnrecognizedClientException', 403, 'The security token is invalid', 'AWS does not know these credentials'],
  ])('says what to do about %s', async (type, status, message, todo) => {
    const failed = opened(() => refusal(status, type, message));
    await expect(failed).rejects.toMatchObject({ name: 'UserError', code: 'eks-access', subject: 'acme' });
    await expect(failed).rejects.toThrow(todo);
    await expect(failed).rejects.not.toThrow('canary-secret-key');
  });

  it('says that a cluster is still being created, or is going away', async () => {
    const creating = { status: 'CREATING', endpoint: undefined, certificateAuthority: undefined };
    await expect(opened(() => cluster('', creating))).rejects.toMatchObject({
      name: 'RetryableError',
      message: 'the EKS cluster acme is still being created',
    });
    await expect(opened(() => cluster('', { ...creating, status: 'DELETING' }))).rejects.toMatchObject({
      name: 'UserError',
      message: 'the EKS cluster acme cannot be reached: its status is DELETING',
    });
  });

  it('tells why nobody may answer or let in', async () => {
    const { access } = await opened(() => cluster('ca', { resourcesVpcConfig: { endpointPublicAccess: false } }));
    expect(access.hint('unreachable')).toContain('its address is private');
    expect(access.hint('unauthorized')).toContain('access entry');
    expect((await opened(() => cluster('ca'))).access.hint('unreachable')).toBeUndefined();
  });

  it('takes on a role of another account, and signs with its keys', async () => {
    const role = 'arn:aws:iam::222222222222:role/windlass-drift';
    const keys =
      '<AccessKeyId>ASIAOTHER</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>' +
      '<Expiration>2036-11-22T13:00:00Z</Expiration>';
    const answered = `<AssumeRoleResponse><AssumeRoleResult><Credentials>${keys}</Credentials></AssumeRoleResult></AssumeRoleResponse>`;
    const isSts = ({ method }: Asked) => method === 'POST';
    const sts: Reply = { headers: { 'content-type': 'text/xml' }, body: answered };
    const { access, asked } = await opened((one) => (isSts(one) ? sts : cluster('ca')), { assumeRole: role });
    const { headers } = await access.credentials();
    expect(new URLSearchParams(asked.find(isSts)?.body).get('RoleArn')).toBe(role);
    expect(asked.find((one) => !isSts(one))?.headers.authorization).toContain('Credential=ASIAOTHER/');
    const token = Buffer.from(headers.authorization.split('.')[1]!, 'base64url').toString();
    expect(token).toContain('X-Amz-Credential=ASIAOTHER%2F');
    expect(asked.filter(isSts)).toHaveLength(1);
  });

  it('says that a role may not be taken on', async () => {
    const body = '<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>';
    const sts: Reply = { status: 403, headers: { 'content-type': 'text/xml' }, body };
    const failed = opened(() => sts, { assumeRole: 'arn:aws:iam::222222222222:role/x' });
    await expect(failed).rejects.toThrow('arn:aws:iam::222222222222:role/x may not be taken on');
  });
});
