/** `always` lets also a kind go that is kept by default; `confirm` waits for an approval. Absent: by kind. */
export type PruneWish = 'never' | 'confirm' | 'always';

/**
 * `merge` leaves what others added; `once` creates what is not there and leaves what is; `never` has Windlass look away. Absent is `always`.
 */
export type ApplyWish = 'never' | 'once' | 'merge' | 'always';

/** What the annotations of an object say about how it is applied and pruned. */
export interface Exceptions {
  prune?: PruneWish;
  apply?: ApplyWish;
  /** Deletes and creates it again when the API server says that a field that changed is immutable. */
  recreate?: boolean;
  /** JSON Pointers (RFC 6901) into Git's object: fields that are others' to set. */
  ignorePaths?: string[];
  /** JSON Pointers into Git's object: fields that are Git's although a controller sets them. */
  takePaths?: string[];
}

/** An annotation or label whose value is none of those that it can have. */
export interface BadValue {
  key: string;
  message: string;
  hint: string;
}

/** Reads one value of an annotation: what it wishes, or what is wrong with it. */
export type ReadValue = (value: string) => Exceptions | Omit<BadValue, 'key'>;

/** True for a value that was not understood. */
export function isBad(read: Exceptions | Omit<BadValue, 'key'>): read is Omit<BadValue, 'key'> {
  return 'message' in read;
}

/** Reads a value that is one of a few words. `fold` ignores the case of letters. */
export function oneOf(words: Readonly<Record<string, Exceptions>>, { fold = false } = {}): ReadValue {
  const same = (text: string) => (fold ? text.toLowerCase() : text);
  const wishes = new Map(Object.entries(words).map(([word, wish]) => [same(word), wish]));
  return (value) => {
    const wish = wishes.get(same(value));
    if (wish !== undefined) return wish;
    return {
      message: `"${value}" is not a value that it can have`,
      hint: `it is one of ${Object.keys(words).join(', ')}`,
    };
  };
}
