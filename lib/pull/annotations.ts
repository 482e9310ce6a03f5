import { badOrder } from '../kube/bad-order.ts';
import { badExceptions } from '../kube/exceptions/exceptions.ts';
import type { Problem } from '../model/errors.ts';
import type { Wanted } from './wanted.ts';

/**
 * Takes out the objects whose annotations for exceptions or order cannot be followed: to do without them would do what they forbid. What
 * depends on such an object waits for it.
 */
export function withoutBadAnnotations({ objects, problems }: Wanted): Wanted {
  const refused = problems.flatMap(({ object }) => object ?? []);
  const order = badOrder(
    objects.map(({ object }) => object),
    refused,
  );
  const ofOrder = Map.groupBy(order, ({ object }) => object);
  const found = objects.map((wanted) => {
    const { id, object, origin, line } = wanted;
    const bad = [...badExceptions(object), ...(ofOrder.get(id) ?? [])].map(({ key, message, hint }): Problem => {
      const place = { object: id, file: origin, ...(line !== undefined && { line }) };
      return { code: 'bad-annotation', message: `${key}: ${message}`, hint, ...place };
    });
    return { wanted, bad };
  });
  return {
    objects: found.filter(({ bad }) => bad.length === 0).map(({ wanted }) => wanted),
    problems: [...problems, ...found.flatMap(({ bad }) => bad)],
  };
}
