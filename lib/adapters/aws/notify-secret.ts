import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { messageOf, RetryableError, UserError } from '../../model/errors.ts';

const notAllowed = 'allow the role of notify secretsmanager:GetSecretValue on it, and to decrypt with its key';

/** What a person has to do, by the SDK's names of errors. */
const mendable: Readonly<Record<string, string>> = {
  AccessDeniedException: notAllowed,
  DecryptionFailure: notAllowed,
  ResourceNotFoundException: 'there is no such secret: check its name in windlass.yaml',
  InvalidRequestException: 'it may be marked for deletion: check the secret',
  ValidationException: 'this cannot be the name of a secret: check it in windlass.yaml',
  InvalidParameterException: 'this cannot be the name of a secret: check it in windlass.yaml',
};

/** Reads texts of Secrets Manager by the names of their secrets. Throws `UserError` where AWS refuses, `RetryableError` where it does not answer. */
export function openSecrets(options: {
  region: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
}): { read(name: string): Promise<string>; close(): void } {
  const client = new SecretsManagerClient({
    ...options,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  return {
    read: async (name) => {
      const answer = await client.send(new GetSecretValueCommand({ SecretId: name })).catch((error: unknown) => {
        throw trouble(error, name);
      });
      if (answer.SecretString !== undefined) return answer.SecretString;
      throw new UserError(`the secret ${name} holds bytes, not a text`, { code: 'notify-secret', subject: name });
    },
    close: () => client.destroy(),
  };
}

function trouble(error: unknown, name: string): Error {
  const kind = error instanceof Error ? error.name : '';
  const message = `cannot read the secret ${name}: ${kind}: ${messageOf(error)}`;
  const todo = mendable[kind];
  if (todo !== undefined) return new UserError(`${message}\n${todo}`, { code: 'notify-secret', subject: name });
  return new RetryableError(message, { code: 'notify-secret-unreachable', subject: name });
}
