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

/** Where the authorities come from: who is told may be a person or a pod. */
const trusted = 'those of the kubeconfig, or in a pod of its service account';
const notTrusted = `its certificate was not signed by an authority that is trusted here (${trusted})`;

const certificateTrouble: Record<string, string> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: `its certificate is self-signed and no authority that is trusted here (${trusted})`,
  SELF_SIGNED_CERT_IN_CHAIN: notTrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: notTrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: notTrusted,
  UNABLE_TO_GET_ISSUER_CERT: notTrusted,
  CERT_SIGNATURE_FAILURE: notTrusted,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
};

/** What to tell when no connection can be made: certificates are the user's to mend, the rest may pass. */
export function connectionError(server: string, error: unknown): UserError | RetryableError {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  if (code === 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL')
    return new UserError(
      `the API server ${server} does not speak HTTP/2, which every API server does: is there a proxy before it that speaks HTTP/1.1 alone?`,
      { code: 'no-http2', subject: server },
    );
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

/** What is thrown when the server does not know who asks, also after fresh credentials; `why` says what is probably wrong. */
export function notLetIn(server: string, why: string): UserError {
  return new UserError(`the API server ${server} does not accept these credentials (401): ${why}`, {
    code: 'unauthorized',
    subject: server,
  });
}
