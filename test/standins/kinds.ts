import { gitRoutes } from './rest-git.ts';
import { pullRoutes } from './rest-pulls.ts';
import { repositoryRoutes } from './rest-repository.ts';
import { statusRoutes } from './rest-statuses.ts';
import type { Route } from './route.ts';

/** Every route of a repository, the longer of two that fit first. */
export const routes: readonly Route[] = [...gitRoutes, ...statusRoutes, ...pullRoutes, ...repositoryRoutes];

/** A route's name as in GitHub's documentation: `GET /repos/{owner}/{repo}/git/ref/{ref}`. */
export function kindOf(route: Route): string {
  return `${route.method} ${route.template.replaceAll('{+', '{')}`;
}
