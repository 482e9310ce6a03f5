/** How long a client of AWS waits, and how often it asks, where a function has no more than a minute. Milliseconds. */
export const patience = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
};
