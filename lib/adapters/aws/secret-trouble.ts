import { messageOf, RetryableError, UserError } from '../../model/errors.ts';

/** Whose secret it is. */
export interface WantedSecret {
  /** Its name or ARN. */
  name: string;
  /** Whose role reads it: `notify`. */
  reader: string;
  /** Where its name is written: `windlass.yaml`. */
  named: string;
  /** The page that says how it is made. */
  page?: string;
  /** The code of the error that a person has to mend; `-unreachable` follows where it may pass. */
  code: string;
}

/** What Secrets Manager threw, for people: `UserError` for what a person has to mend, by the SDK's names of errors, else `RetryableError`. */
export function secretTrouble(
  error: unknown,
  { name, reader, named, page, code }: WantedSecret,
): UserError | RetryableError {
  const kind = error instanceof Error ? error.name : '';
  const message = `cannot read the secret ${name}: ${kind}: ${messageOf(error)}`;
  // AWS refuses as well where there is no such secret: none has the ARN that a role is granted then.
  const notAllowed = `check that there is such a secret in this account and Region (AWS says the same where there is none); else allow the role of ${reader} secretsmanager:GetSecretValue on it, and to decrypt with its key`;
  const noName = `this cannot be the name of a secret: check it in ${named}`;
  const mendable: Readonly<Record<string, string>> = {
    AccessDeniedException: notAllowed,
    DecryptionFailure: notAllowed,
    ResourceNotFoundException: `there is no such secret in this account and Region, or no value in it: ${page === undefined ? '' : `make it (${page}), or `}check its name in ${named}`,
    InvalidRequestException: 'it may be marked for deletion: check the secret',
    ValidationException: noName,
    InvalidParameterException: noName,
  };
  const todo = mendable[kind];
  if (todo !== undefined) return new UserError(`${message}\n${todo}`, { code, subject: name });
  return new RetryableError(message, { code: `${code}-unreachable`, subject: name });
}
