import { SNSClient } from '@aws-sdk/client-sns';
import { messageOf, UserError } from '../../model/errors.ts';

/** Where the AWS settings of this machine point to. */
export interface OwnSettings {
  region: string;
  partition: string;
  /** Where the credentials tell it: a profile, or `AWS_ACCOUNT_ID` beside keys of the environment. */
  account?: string;
}

/** Reads the region and the account of this process's AWS settings: environment, profile, SSO. Throws `UserError` where there are none. */
export async function ownSettings(): Promise<OwnSettings> {
  const client = new SNSClient({});
  try {
    const region = await client.config.region();
    const { accountId } = await client.config.credentials();
    return { region, partition: partitionOf(region), ...(accountId !== undefined && { account: accountId }) };
  } catch (cause) {
    throw new UserError(`this machine has no AWS credentials and region: ${messageOf(cause)}`, {
      code: 'aws-settings',
      cause,
    });
  } finally {
    client.destroy();
  }
}

function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
