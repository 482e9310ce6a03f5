import { mapsOf, textAt, valueAt } from '../values.ts';
import { current, inProgress, type Rule } from './status.ts';

/** A load balancer is current with its cluster IP: an address from outside may never come (a cluster without a cloud), the reason names it. */
export const service: Rule = (object) => {
  if (textAt(object, 'spec', 'type') !== 'LoadBalancer') return current('it is there');
  if (!textAt(object, 'spec', 'clusterIP')) return inProgress('it has no cluster IP yet');
  const [address] = mapsOf(valueAt(object, 'status', 'loadBalancer', 'ingress'));
  const name = textAt(address, 'hostname') ?? textAt(address, 'ip');
  return current(
    name === undefined ? 'it has a cluster IP, and no address from outside yet' : `its address is ${name}`,
  );
};
