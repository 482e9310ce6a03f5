import { messageOf, RetryableError, UserError } from '../../model/errors.ts';

/** An answer that did not come. `seen`: the server may have acted on the request. */
export class LostError extends Error {
  override readonly name = 'LostError';
  readonly seen: boolean;

  constructor(message: string, seen: boolean, cause?: unknown) {
    super(message, { cause });
    this.seen = seen;
  }
}

const certificateTrouble: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed and the kubeconfig does not name it as an authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate comes from an authority that the kubeconfig does not name',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate was not signed by the authority in the kubeconfig',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate was not signed by the authority in the kubeconfig',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate was not signed by the authority in the kubeconfig',
  CERT_SIGNATURE_FAILURE: 'its certificate was not signed by the authority in the kubeconfig',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
};

/** What to tell when no connection can be made: certificates are the user's to mend, the rest may pass. */
export function connectionError(server: string, error: unknown): UserError | RetryableError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  const certificate = certificateTrouble[code] ?? (/^ERR_(SSL|OSSL|TLS)_/.test(code) ? messageOf(error) : undefined);
  if (certificate !== undefined) {
    return new UserError(`the API server ${server} cannot be trusted: ${certificate}`, {
      code: 'certificate',
      subject: server,
    });
  }
  return new RetryableError(`the API server ${server} cannot be reached: ${messageOf(error) || code}`, {
    code: 'unreachable',
    subject: server,
  });
}
