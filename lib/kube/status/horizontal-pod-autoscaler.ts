import { numberAt } from '../values.ts';
import { conditionOf, conditionText } from './conditions.ts';
import { current, failed, type Rule } from './status.ts';

/** Failed only when it cannot scale its target at all; metrics that are missing now are named and may come. */
export const horizontalPodAutoscaler: Rule = (object) => {
  const able = conditionOf(object, 'AbleToScale');
  if (able?.status === 'False') return failed(`it cannot scale: ${conditionText(able)}`);
  const replicas = `${numberAt(object, 'status', 'currentReplicas') ?? 0} of at most ${numberAt(object, 'spec', 'maxReplicas') ?? 0} replicas`;
  const active = conditionOf(object, 'ScalingActive');
  if (active?.status === 'False') return current(`${replicas}; it does not scale now: ${conditionText(active)}`);
  return current(replicas);
};
