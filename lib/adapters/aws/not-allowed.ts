import { isTrouble, messageOf, RetryableError, UserError } from '../../model/errors.ts';

/** How AWS's services say that whoever asks may not. */
const refusals = /^(?:AccessDenied|AccessDeniedException|AuthorizationError|UnauthorizedOperation|NotAuthorized)$/;
const badCredentials =
  /^(?:CredentialsProviderError|ExpiredToken|ExpiredTokenException|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidSignatureException)$/;
const absent =
  /^(?:ResourceNotFoundException|ResourceNotFound|QueueDoesNotExist|NoSuchEntity|NoSuchEntityException|AWS\.SimpleQueueService\.NonExistentQueue)$/;

/**
 * Asks AWS something for which an IAM action must be allowed. Throws `UserError` with the code `not-allowed` that names the action where it is not,
 * `UserError` (`aws-missing`) for what is not there, `RetryableError` for the rest: it may pass.
 */
export async function asked<T>(action: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (isTrouble(error)) throw error;
    throw troubleOf(action, error);
  }
}

function troubleOf(action: string, error: unknown): Error {
  const name = error instanceof Error ? error.name : '';
  if (refusals.test(name))
    return new UserError(`you may not ask for it (${action})\nallow yourself ${action}`, {
      code: 'not-allowed',
      subject: action,
    });
  if (badCredentials.test(name))
    return new UserError(
      `AWS does not take the credentials here: ${name}\nsign in again, or name another profile with --profile`,
      {
        code: 'aws-access',
        subject: action,
      },
    );
  if (absent.test(name))
    return new UserError(`AWS says that it is not there: ${messageOf(error)}`, {
      code: 'aws-missing',
      subject: action,
    });
  return new RetryableError(`AWS does not answer (${action}): ${name}: ${messageOf(error)}`, {
    code: 'aws-unreachable',
    subject: action,
  });
}
