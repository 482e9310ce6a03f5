import { numberAt, textAt, valueAt } from '../values.ts';
import { conditionOf, conditionText, isTrue } from './conditions.ts';
import { current, failed, inProgress, type Rule } from './status.ts';

/** Current when it completed (or is suspended), failed when it gave up; a condition counts by its status, not by being there. */
export const job: Rule = (object) => {
  const wanted = numberAt(object, 'spec', 'completions') ?? 1;
  const count = (name: string) => numberAt(object, 'status', name) ?? 0;
  const done = `${count('succeeded')} of ${wanted} ${wanted === 1 ? 'completion' : 'completions'}`;
  const failure = ['Failed', 'FailureTarget']
    .map((type) => conditionOf(object, type))
    .find((found) => found?.status === 'True');
  if (failure !== undefined) return failed(`${conditionText(failure)}; ${done}, ${count('failed')} failed`);
  if (isTrue(object, 'Complete')) return current(`it has completed: ${done}`);
  if (isTrue(object, 'Suspended') || valueAt(object, 'spec', 'suspend') === true)
    return current(`it is suspended: ${done}`);
  if (textAt(object, 'status', 'startTime') === undefined) return inProgress('it has not started yet');
  return inProgress(`it is running: ${done}, ${count('active')} active, ${count('failed')} failed`);
};
