import { messageOf, UserError } from '../../lib/model/errors.ts';

/** What the user can mend, by what AWS or its SDK calls it. */
const mendable: [RegExp, string][] = [
  [/CredentialsProviderError/, 'set AWS_PROFILE to a profile of your AWS settings, and sign in with the AWS CLI'],
  [/Expired/, 'sign in again'],
  [
    /InvalidClientTokenId|UnrecognizedClient/,
    'AWS does not know these credentials: set AWS_PROFILE to others, or sign in again',
  ],
  [/SignatureDoesNotMatch/, 'are the keys right, and does the clock here agree with the world?'],
  [/AccessDenied/, 'use the credentials of an administrator: they must be allowed this'],
  [/ResourceNotFound/, 'make it in this account and Region, or name another by --secret'],
];

/** An error that says what could not be done with your own credentials (`what`), and what to do about it where that is known. */
export function accessTrouble(what: string, error: unknown): Error {
  const name = error instanceof Error ? error.name : '';
  const said = `${name === 'Error' ? '' : `${name}: `}${messageOf(error)}`;
  const todo = mendable.find(([pattern]) => pattern.test(said))?.[1];
  return new UserError(`${what}: ${said}${todo === undefined ? '' : `\n${todo}`}`, {
    code: 'aws-access',
  });
}
