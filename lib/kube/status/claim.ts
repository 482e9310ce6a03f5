import { textAt } from '../values.ts';
import { current, failed, inProgress, type Rule } from './status.ts';

/** A PersistentVolumeClaim: current when bound, failed when its volume is lost. */
export const claim: Rule = (object) => {
  const phase = textAt(object, 'status', 'phase') ?? 'Pending';
  if (phase === 'Bound') return current(`it is bound to ${textAt(object, 'spec', 'volumeName') ?? 'a volume'}`);
  if (phase === 'Lost') return failed('its volume is lost');
  return inProgress('it is not bound to a volume yet');
};
