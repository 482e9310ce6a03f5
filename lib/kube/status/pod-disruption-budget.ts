import { numberAt } from '../values.ts';
import { counted, current, type Rule } from './status.ts';

/** Always current: a budget that allows no disruption does its work. */
export const podDisruptionBudget: Rule = (object) =>
  current(`${counted(numberAt(object, 'status', 'disruptionsAllowed') ?? 0, 'disruption')} allowed now`);
