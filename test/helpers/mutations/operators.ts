import type { Operator } from './edit.ts';
import { fieldOperators } from './fields.ts';
import { kubectlOperators } from './metadata.ts';
import { otherOperators } from './others.ts';
import { wholeOperators } from './whole.ts';

/** Every way to edit that the suite knows. */
export const operators: Operator[] = [...fieldOperators, ...kubectlOperators, ...otherOperators, ...wholeOperators];
