/**
 * Milliseconds that a test waits for a condition before it fails. Twice what SQS takes to hand a failed message over again (six times the function's
 * timeout: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html), and some more: one transient failure makes no test red.
 */
export const waitMs = 480_000;

/** Milliseconds that a test or hook may take. More than one wait, so that what was waited for is told. */
export const testMs = 900_000;
