import { conditionOf, conditionText } from './conditions.ts';
import { current, inProgress, type Rule } from './status.ts';

/** Current when its API answers; what serves it may still be starting. */
export const apiService: Rule = (object) => {
  const available = conditionOf(object, 'Available');
  if (available?.status === 'True') return current('its API is available');
  return inProgress(available === undefined ? 'it has not been probed yet' : conditionText(available));
};
