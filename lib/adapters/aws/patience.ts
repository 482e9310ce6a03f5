/** How long a client of AWS waits, and how often it asks, where there are minutes. Milliseconds. */
export const patience = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
};

/**
 * The same where a function has 30 s in all: two services in a row that do not answer take some 20 s, and there is time left to say which messages come
 * again. A function that Lambda ends says nothing, and its whole batch comes again. Milliseconds.
 */
export const shortPatience = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
};
