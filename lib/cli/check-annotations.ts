import type { DesiredObject } from '../desired/desired.ts';
import { badOrder } from '../kube/bad-order.ts';
import { badExceptions } from '../kube/exceptions/exceptions.ts';
import type { Problem } from '../model/errors.ts';
import { nameOf } from '../model/kube-object.ts';

/**
 * Annotations for exceptions and order, of the objects of one sync, that cannot be followed: a pull refuses such an object. Where the objects
 * are not `complete`, it is not known which names there are.
 */
export function badAnnotations(objects: readonly DesiredObject[], complete: boolean): Problem[] {
  const order = complete ? badOrder(objects.map(({ object }) => object)) : [];
  const ofOrder = Map.groupBy(order, ({ object }) => object);
  return objects.flatMap(({ object, origin, line }) => {
    const name = nameOf(object);
    return [...badExceptions(object), ...(ofOrder.get(name) ?? [])].map(({ key, message, hint }) => ({
      ...{ code: 'bad-annotation', message: `${key}: ${message}`, object: name, file: origin, hint },
      ...(line !== undefined && { line, column: 1 }),
    }));
  });
}
