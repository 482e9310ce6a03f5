import { mapsOf, textAt, valueAt } from '../values.ts';
import { current, type Rule } from './status.ts';

/** Always current: some ingress controllers never write an address. The reason names it where there is one. */
export const ingress: Rule = (object) => {
  const [address] = mapsOf(valueAt(object, 'status', 'loadBalancer', 'ingress'));
  const name = textAt(address, 'hostname') ?? textAt(address, 'ip');
  return current(name === undefined ? 'it is there, without an address yet' : `its address is ${name}`);
};
