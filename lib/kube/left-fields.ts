import type { LeftFields } from '../model/messages.ts';
import type { Plan } from './plan.ts';

/** So many are told of at most, of each list. */
const most = { objects: 100, fields: 20 };

/** The fields that a plan leaves to others although Git sets them, by object and holder: of a great many the first. */
export function leftFields({ apply, leftToControllers }: Pick<Plan, 'apply' | 'leftToControllers'>): LeftFields[] {
  const applied = apply.flat();
  const written = new Set(applied.map(({ id }) => id));
  const left = [
    ...applied.flatMap(({ id, left = [] }) => byHolder(id, left)),
    ...leftToControllers
      .filter(({ id }) => !written.has(id))
      .flatMap(({ id, fields }) =>
        byHolder(
          id,
          fields.map(({ path, manager = 'a controller' }) => ({ path, holder: manager })),
        ),
      ),
  ];
  return left.slice(0, most.objects);
}

function byHolder(object: string, left: readonly { path: string; holder: string }[]): LeftFields[] {
  const holders = Map.groupBy(left, ({ holder }) => holder);
  return [...holders].map(([holder, own]) => ({
    object,
    fields: own.map(({ path }) => path).slice(0, most.fields),
    holder,
  }));
}
