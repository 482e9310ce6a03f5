import { numberAt } from '../values.ts';
import { conditionOf, conditionText } from './conditions.ts';
import { current, failed, inProgress, type Rule } from './status.ts';

/**
 * Failed only when it cannot scale its target at all; metrics that are missing now are named and may come. A target whose scale it could
 * not read may be about to come, or may be there already: it looks again only every 15 seconds.
 */
export const horizontalPodAutoscaler: Rule = (object) => {
  const able = conditionOf(object, 'AbleToScale');
  if (able?.status === 'False' && able.reason === 'FailedGetScale')
    return inProgress(`it does not see its target yet: ${conditionText(able)}`);
  if (able?.status === 'False') return failed(`it cannot scale: ${conditionText(able)}`);
  const replicas = `${numberAt(object, 'status', 'currentReplicas') ?? 0} of at most ${numberAt(object, 'spec', 'maxReplicas') ?? 0} replicas`;
  const active = conditionOf(object, 'ScalingActive');
  if (active?.status === 'False') return current(`${replicas}; it does not scale now: ${conditionText(active)}`);
  return current(replicas);
};
