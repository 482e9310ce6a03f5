import { RetryableError, UserError } from '../../model/errors.ts';

/** What was asked of ECR, for the message. */
export interface EcrQuestion {
  /** The name of the action in IAM: `ecr:DescribeImages`. */
  action: string;
  /** The repository as windlass.yaml writes it. */
  repository: string;
  /** The tag or digest, where it is about one image. */
  reference?: string | undefined;
}

const throttled = new Set([
  'LimitExceededException',
  'RequestLimitExceeded',
  'Throttling',
  'ThrottledException',
  'ThrottlingException',
  'TooManyRequestsException',
]);
const unreachable = /^(?:E[A-Z]{4,}|EAI_AGAIN|EPIPE|UND_ERR_[A-Z_]+)$/;
const badCredentials = new Set([
  'CredentialsProviderError',
  'ExpiredTokenException',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'UnrecognizedClientException',
]);

/** Sorts what the SDK threw: what may pass is a `RetryableError`, what a person must mend a `UserError`, all else stays as it is (a bug). */
export function ecrTrouble(error: unknown, { action, repository, reference }: EcrQuestion): unknown {
  if (!(error instanceof Error) || error instanceof UserError || error instanceof RetryableError) return error;
  const details = { subject: repository, cause: error };
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
  const code = 'code' in error ? String(error.code) : '';
  if (throttled.has(error.name) || status === 429) {
    return new RetryableError(`ECR throttles the questions about ${repository}`, {
      code: 'registry-throttled',
      ...details,
    });
  }
  if (status >= 500 || unreachable.test(code) || error.name === 'TimeoutError' || error.name === 'AbortError') {
    return new RetryableError(`ECR cannot be reached for ${repository}`, { code: 'registry-unreachable', ...details });
  }
  if (error.name === 'RepositoryNotFoundException') return repositoryMissing(repository);
  if (error.name === 'ImageNotFoundException') return imageMissing(repository, reference ?? '');
  if (error.name === 'AccessDeniedException') {
    const what = `allow ${action} on it in IAM (in AWS by the props repositoryPrefixes and registries), and in the repository's own policy when it is of another account`;
    return new UserError(`${repository} may not be read: ${what}`, {
      code: 'registry-not-allowed',
      ...details,
    });
  }
  if (badCredentials.has(error.name)) {
    return new UserError(`ECR does not accept the AWS credentials, or there are none (${error.name}): ${repository}`, {
      code: 'registry-credentials',
      ...details,
    });
  }
  if (error.name === 'InvalidParameterException') {
    return new UserError(`ECR does not take the name ${repository}: mend it in windlass.yaml`, {
      code: 'repository-name',
      ...details,
    });
  }
  return error;
}

/** There is no such repository. */
export function repositoryMissing(repository: string): UserError {
  return new UserError(`ECR has no repository ${repository}: create it, or mend its name in windlass.yaml`, {
    code: 'repository-missing',
    subject: repository,
  });
}

/** There is no such tag or digest. */
export function imageMissing(repository: string, reference: string): UserError {
  return new UserError(
    `${repository} has no image ${reference}: it was deleted or archived, or its tag was pushed again`,
    {
      code: 'image-missing',
      subject: repository,
    },
  );
}
