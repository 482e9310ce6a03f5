import { conditionOf, conditionText } from './conditions.ts';
import { current, inProgress, type Rule } from './status.ts';

/** The default, for custom resources and every kind without a rule: by its condition `Ready`; without one, to be there is enough. */
export const generic: Rule = (object) => {
  const ready = conditionOf(object, 'Ready');
  if (ready === undefined) return current('it is there');
  return ready.status === 'True' ? current(conditionText(ready)) : inProgress(conditionText(ready));
};
