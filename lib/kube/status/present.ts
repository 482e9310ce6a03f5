import { current, type Rule } from './status.ts';

/** For kinds that are nothing but data: to be there is enough. */
export const present: Rule = () => current('it is there');
