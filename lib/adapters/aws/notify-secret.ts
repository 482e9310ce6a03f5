import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { UserError } from '../../model/errors.ts';
import { secretTrouble, type WantedSecret } from './secret-trouble.ts';

const ofNotify = { reader: 'notify', named: 'windlass.yaml', code: 'notify-secret' };

/** Reads texts of Secrets Manager by the names of their secrets. Throws `UserError` where AWS refuses, `RetryableError` where it does not answer. */
export function openSecrets(options: {
  region: string;
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** One of the AWS settings of this machine. */
  profile?: string;
  /** Whose secrets they are, for errors; those of notify unless told. */
  wanted?: Omit<WantedSecret, 'name'>;
}): { read(name: string): Promise<string>; close(): void } {
  const { wanted = ofNotify, ...where } = options;
  const client = new SecretsManagerClient({
    ...where,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  });
  return {
    read: async (name) => {
      const answer = await client.send(new GetSecretValueCommand({ SecretId: name })).catch((error: unknown) => {
        throw secretTrouble(error, { name, ...wanted });
      });
      if (answer.SecretString !== undefined) return answer.SecretString;
      throw new UserError(`the secret ${name} holds bytes, not a text`, { code: wanted.code, subject: name });
    },
    close: () => client.destroy(),
  };
}
