import { textAt, valueAt } from '../values.ts';
import { current, type Rule } from './status.ts';

/** Always current: its Jobs have a status of their own. */
export const cronJob: Rule = (object) => {
  if (valueAt(object, 'spec', 'suspend') === true) return current('it is there, suspended');
  const last = textAt(object, 'status', 'lastScheduleTime');
  return current(last === undefined ? 'it is there, and has not run yet' : `it is there, last scheduled at ${last}`);
};
