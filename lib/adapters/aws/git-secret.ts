import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { messageOf, RetryableError, UserError } from '../../model/errors.ts';

/** What the user can mend, by the SDK's names of errors. */
const mendable: Readonly<Record<string, string>> = {
  AccessDeniedException:
    'allow the role of the puller secretsmanager:GetSecretValue on it, and to decrypt with its key',
  ResourceNotFoundException: 'there is no such secret: check the ARN',
  InvalidRequestException: 'it may be marked for deletion: check the secret',
  DecryptionFailure: 'allow the role of the puller to decrypt with the key of the secret',
  CredentialsProviderError:
    'the puller has no AWS credentials: associate a role with its service account (EKS Pod Identity or IRSA)',
};

/** Reads the text of a secret of Secrets Manager by its ARN, which names the region. Throws `UserError` where AWS refuses, `RetryableError` where it does not answer. */
export async function readSecretText(arn: string, options: { endpoint?: string } = {}): Promise<string> {
  const region = arn.split(':')[3];
  const client = new SecretsManagerClient({
    ...options,
    ...(region !== undefined && { region }),
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  try {
    const { SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
    if (text === undefined) throw new UserError(`the secret ${arn} holds bytes, not a text`, { code: 'git-key' });
    return text;
  } catch (error) {
    throw error instanceof UserError ? error : trouble(error, arn);
  } finally {
    client.destroy();
  }
}

function trouble(error: unknown, arn: string): Error {
  const name = error instanceof Error ? error.name : '';
  const message = `cannot read the secret ${arn}: ${name}: ${messageOf(error)}`;
  const todo = mendable[name];
  if (todo !== undefined) return new UserError(`${message}\n${todo}`, { code: 'git-key', subject: arn });
  return new RetryableError(message, { code: 'git-key-unreachable', subject: arn });
}
