import { textAt } from '../values.ts';
import { current, failed, inProgress, type Rule } from './status.ts';

/** A PersistentVolume: current when somebody can use or has used it, failed when its reclaiming failed. */
export const volume: Rule = (object) => {
  const phase = textAt(object, 'status', 'phase') ?? 'Pending';
  if (phase === 'Failed') return failed(textAt(object, 'status', 'message') ?? 'its reclaiming failed');
  if (phase === 'Pending') return inProgress('it is not available yet');
  return current(`it is ${phase.toLowerCase()}`);
};
