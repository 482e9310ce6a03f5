import type { Logger } from '@aws-lambda-powertools/logger';
import { openSurveyStore } from '../../lib/adapters/aws/survey-store.ts';
import { openGitHubConfigRepo } from '../../lib/adapters/github/config-repo.ts';
import type { ConfigRepo } from '../../lib/bump/ports.ts';
import type { RepoPast } from '../../lib/rollback/ports.ts';
import type { RepoPlace } from './github.ts';
import { openRepoHead, type RepoHead } from './repo-head.ts';

type StoreClient = Parameters<typeof openSurveyStore>[0];

/** The config repo on GitHub, and its head; what is to outlive the sandbox is in the state table. */
export function openConfigRepo(
  place: RepoPlace,
  { client, table, logger, now }: { client: StoreClient; table: string; logger: Logger; now(): Date },
): { repo: ConfigRepo & RepoPast; head: RepoHead } {
  const store = openSurveyStore(client, { table });
  const repo = openGitHubConfigRepo({ ...place, store, warn: (message) => logger.warn(message) });
  const lastValid = openSurveyStore(client, { table, kind: 'windlass-file' });
  const key = `${place.owner}/${place.repo}/${place.branch}`;
  return { repo, head: openRepoHead(repo, { store: lastValid, key, logger, now }) };
}
