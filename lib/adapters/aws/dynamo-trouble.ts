import { messageOf, RetryableError, UserError } from '../../model/errors.ts';

const throttled = new Set([
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'TooManyRequestsException',
]);

const unreachable = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const notAllowed = new Set(['AccessDeniedException', 'UnrecognizedClientException', 'CredentialsProviderError']);

/** Sorts what the SDK threw: what may pass is a `RetryableError`, what a person must mend a `UserError`, all else stays as it is (a bug). */
export function troubleOf(error: unknown, table: string): unknown {
  if (!(error instanceof Error)) return error;
  const { name } = error;
  const code = 'code' in error ? String(error.code) : '';
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
  const details = { subject: table, cause: error };
  if (throttled.has(name)) {
    return new RetryableError(`the records table ${table} is throttled`, { code: 'records-throttled', ...details });
  }
  if (status >= 500 || unreachable.has(code) || name === 'TimeoutError' || name === 'AbortError') {
    return new RetryableError(`the records table ${table} cannot be reached`, {
      code: 'records-unreachable',
      ...details,
    });
  }
  if (name === 'ResourceNotFoundException') {
    return new UserError(`there is no DynamoDB table ${table}: check its name and the region`, {
      code: 'records-table-missing',
      subject: table,
    });
  }
  if (notAllowed.has(name)) {
    return new UserError(`the records table ${table} may not be used with these credentials: ${messageOf(error)}`, {
      code: 'records-not-allowed',
      subject: table,
    });
  }
  return error;
}
