import type { EKSClientConfig } from '@aws-sdk/client-eks';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';

/** The keys of a role that the process's own credentials (or the given ones) may take on; made anew before they end. */
export function credentialsOfRole(
  { region }: { region: string },
  role: string,
  { credentials, endpoint }: Pick<EKSClientConfig, 'credentials' | 'endpoint'>,
): ReturnType<typeof fromTemporaryCredentials> {
  return fromTemporaryCredentials({
    params: { RoleArn: role, RoleSessionName: 'windlass' },
    clientConfig: { region, ...(endpoint !== undefined && { endpoint }) },
    ...(credentials !== undefined && { masterCredentials: credentials }),
  });
}
