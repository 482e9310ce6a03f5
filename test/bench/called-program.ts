import { answerCalls, optionsOf } from '../../bench/parts/calls.ts';

export type CalledMethods = typeof methods;

/** A program for the test of calls. */
const { add } = optionsOf<{ add: number }>();
const methods = {
  add: (to: number) => to + add,
  fail: () => {
    throw new Error('as it was told');
  },
  exit: () => process.exit(7),
};
answerCalls(methods);
