/** Pushes that an event told of and nothing could be done about: they are owed until a sweep has succeeded. */
export interface Debt {
  /** Something was left undone: it is tried again after a while. */
  owe(): void;
  /** A sweep has succeeded. */
  paid(): void;
  isOwed(): boolean;
}

/** Makes a debt that calls `settle` a while after each `owe`; several within that time are one. `pause` waits, and ends early when all ends. */
export function createDebt(settle: () => Promise<void>, pause: () => Promise<void>, signal: AbortSignal): Debt {
  let owed = false;
  let isWaiting = false;
  return {
    owe: () => {
      owed = true;
      if (isWaiting) return;
      isWaiting = true;
      void pause().then(async () => {
        isWaiting = false;
        if (owed && !signal.aborted) await settle();
      });
    },
    paid: () => {
      owed = false;
    },
    isOwed: () => owed,
  };
}
