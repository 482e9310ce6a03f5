import { holdsDirectory } from '../config/holds.ts';
import type { Hold } from '../policy/spec.ts';
import type { CommitRequest } from './ports.ts';

/** A hold's file goes with the bump that passes it. */
export function deletionsOf(released: readonly Hold[]): CommitRequest['files'] {
  return released.map((hold) => ({ path: `${holdsDirectory}/${hold.image}.${hold.id}.yaml`, bytes: undefined }));
}
