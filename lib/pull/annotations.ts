import { badExceptions } from '../kube/exceptions/exceptions.ts';
import type { Problem } from '../model/errors.ts';
import type { Wanted, WantedObject } from './wanted.ts';

/** Takes out the objects whose annotations for exceptions cannot be understood: to do without them would do what they forbid. */
export function withoutBadAnnotations({ objects, problems }: Wanted): Wanted {
  const bad = new Map(objects.map((object) => [object, problemsOf(object)]));
  return {
    objects: objects.filter((object) => bad.get(object)!.length === 0),
    problems: [...problems, ...[...bad.values()].flat()],
  };
}

function problemsOf({ id, object, origin, line }: WantedObject): Problem[] {
  return badExceptions(object).map(({ key, message, hint }) => ({
    ...{ code: 'bad-annotation', object: id, message: `${key}: ${message}`, hint, file: origin },
    ...(line !== undefined && { line }),
  }));
}
