/** One request; its headers may hold a secret and are shown to nobody. */
export interface Question {
  method: 'GET' | 'HEAD';
  url: URL;
  headers: Readonly<Record<string, string | undefined>>;
}

/** An answer with its whole body. */
export interface Answer {
  status: number;
  headers: Headers;
  bytes: Uint8Array;
  /** What was asked. */
  url: URL;
}
