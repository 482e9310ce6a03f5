/** How much of a list a message has at most: whoever sends it cuts there, and a longer one is no message of Windlass. */
export const most = {
  /** Objects of one incident that a question who is behind it names. */
  questions: 50,
  /** Requests that an answer names for one object. */
  requests: 10,
  /** Objects that a wish for a rollback names. */
  wishReasons: 20,
  /** Namespaces that an incident and its notices name. */
  namespaces: 100,
  /** Objects with what programs added beside Git. */
  addedByOthers: 20,
} as const;

/** Seconds: longer than any duration of windlass.yaml, and short enough to be taken from a date. */
export const longestSeconds = 100_000_000_000;
