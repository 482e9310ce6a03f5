import { SecretsProvider } from '@aws-lambda-powertools/parameters/secrets';
import { shortPatience } from '../../lib/adapters/aws/patience.ts';
import { secretTrouble, type WantedSecret } from '../../lib/adapters/aws/secret-trouble.ts';
import { UserError } from '../../lib/model/errors.ts';

/** The texts of secrets. */
export interface Secrets {
  /** `fresh`: asked of AWS whatever is known. Throws `UserError` where AWS refuses, `RetryableError` where it does not answer. */
  read(secret: WantedSecret, how?: { fresh: boolean }): Promise<string>;
}

/** Seconds that a text is kept: a function reads it once, not at each event. */
const maxAge = 300;

/** Secrets Manager, of the function's own account and Region where a secret is given by its name. */
export function openSecrets(): Secrets {
  const provider = new SecretsProvider({ clientConfig: shortPatience });
  return {
    read: async (secret, { fresh } = { fresh: false }) => {
      const value = await provider.get(secret.name, { maxAge, forceFetch: fresh }).catch((error: Error) => {
        // Powertools wraps the SDK's error.
        throw secretTrouble(error.cause ?? error, secret);
      });
      if (typeof value === 'string') return value;
      throw new UserError(`the secret ${secret.name} holds bytes, not a text`, {
        code: secret.code,
        subject: secret.name,
      });
    },
  };
}
