import { describe, expect, it } from 'vitest';
import { eksToken } from '../../../lib/adapters/aws/eks-token.ts';

const keys = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  sessionToken: 'tok/en+==',
};
const cluster = { name: 'my-cluster', region: 'eu-west-1' };
const now = new Date('2026-11-22T12:00:00Z');

const addressIn = (token: string) => new URL(Buffer.from(token.slice('k8s-aws-v1.'.length), 'base64url').toString());

describe('the token for an API server of EKS', () => {
  it('is the address that botocore signs', async () => {
    const { token } = await eksToken(cluster, keys, now);
    expect(token).toMatch(/^k8s-aws-v1\.[A-Za-z0-9_-]+$/);
    const address = addressIn(token);
    expect(address.origin + address.pathname).toBe('https://sts.eu-west-1.amazonaws.com/');
    expect(Object.fromEntries(address.searchParams)).toEqual({
      Action: 'GetCallerIdentity',
      Version: '2011-06-15',
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': 'AKIDEXAMPLE/20261122/eu-west-1/sts/aws4_request',
      'X-Amz-Date': '20261122T120000Z',
      'X-Amz-Expires': '60',
      'X-Amz-Security-Token': 'tok/en+==',
      'X-Amz-Signature': 'd14ad2be59ff759f3692cdc31c43c3308317d100ca69453bba82a6bf3ecf4b9f',
      'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
    });
  });

  it('stays within the length that EKS takes, with the longest session token in use', async () => {
    const { token } = await eksToken(cluster, { ...keys, sessionToken: 'x'.repeat(1_400) }, now);
    expect(token.length).toBeLessThan(4096);
  });

  it('is made anew a minute before EKS would refuse it, or its keys end', async () => {
    expect((await eksToken(cluster, keys, now)).until).toEqual(new Date('2026-11-22T12:14:00Z'));
    const expiration = new Date('2026-11-22T12:05:00Z');
    expect((await eksToken(cluster, { ...keys, expiration }, now)).until).toEqual(new Date('2026-11-22T12:04:00Z'));
  });

  it('names the STS of the partition', async () => {
    const host = async (region: string) => addressIn((await eksToken({ name: 'a', region }, keys, now)).token).host;
    expect(await host('us-gov-west-1')).toBe('sts.us-gov-west-1.amazonaws.com');
    expect(await host('cn-north-1')).toBe('sts.cn-north-1.amazonaws.com.cn');
    expect(await host('us-isob-east-1')).toBe('sts.us-isob-east-1.sc2s.sgov.gov');
  });
});
