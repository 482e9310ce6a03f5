/** What GitHub answers to a request that it does not carry out. */
export class Refused extends Error {
  readonly status: number;
  readonly details: Record<string, unknown>;
  /** GitHub's word for it in a GraphQL answer. */
  readonly type: string;

  constructor(status: number, message: string, details: Record<string, unknown> = {}, type = 'UNPROCESSABLE') {
    super(message);
    this.status = status;
    this.details = details;
    this.type = type;
  }
}

/** GitHub's 404: also its answer for what the caller may not see. */
export function notFound(): Refused {
  return new Refused(404, 'Not Found', {}, 'NOT_FOUND');
}

/** GitHub's 422 for a field that is missing or wrong. */
export function invalid(resource: string, field: string, message: string): Refused {
  return new Refused(422, 'Validation Failed', { errors: [{ resource, code: 'custom', field, message }] });
}
