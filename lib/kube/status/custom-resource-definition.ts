import { conditionOf, conditionText } from './conditions.ts';
import { current, failed, inProgress, type Rule } from './status.ts';

/** Failed when its names collide or it cannot be established; current when it is. */
export const customResourceDefinition: Rule = (object) => {
  const names = conditionOf(object, 'NamesAccepted');
  if (names?.status === 'False') return failed(conditionText(names));
  const established = conditionOf(object, 'Established');
  if (established?.status === 'True') return current('it is established');
  if (established?.status === 'False' && established.reason !== 'Installing') return failed(conditionText(established));
  return inProgress('it is not established yet');
};
