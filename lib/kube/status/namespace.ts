import { textAt } from '../values.ts';
import { current, type Rule } from './status.ts';

/** Current until it is being deleted. */
export const namespace: Rule = (object) =>
  textAt(object, 'status', 'phase') === 'Terminating'
    ? { status: 'Terminating', reason: 'it is being deleted' }
    : current('it is there');
