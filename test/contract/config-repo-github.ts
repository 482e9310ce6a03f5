import { type GitHubOptions, openGitHub } from '../../lib/adapters/github/client.ts';
import { openGitHubConfigRepo } from '../../lib/adapters/github/config-repo.ts';
import type { SurveyStore } from '../../lib/bump/ports.ts';
import type { GitHub } from '../standins/github.ts';
import type { ConfigRepoUnderTest } from './config-repo-under-test.ts';

/** How the adapter reaches GitHub, and which repository. */
export interface Reached extends Pick<GitHubOptions, 'auth' | 'baseUrl' | 'fetch'> {
  owner: string;
  repo: string;
  maxFileBytes?: number;
}

/** The adapter, opened as often as asked for with a store that lasts. */
export function adapterAt(reached: Reached): Pick<ConfigRepoUnderTest, 'repo' | 'again'> {
  const { auth, baseUrl, fetch, ...repository } = reached;
  const store = memoryStore();
  const open = (kept: SurveyStore) =>
    openGitHubConfigRepo({
      client: openGitHub({ auth, baseUrl, fetch, userAgent: 'windlass-test' }),
      branch: 'main',
      store: kept,
      ...repository,
    });
  return { repo: open(store), again: (how) => open(how === 'bare' ? memoryStore() : store) };
}

/** A person's hands on the stand-in. */
export function personAt(github: GitHub): Omit<ConfigRepoUnderTest, 'repo' | 'again'> {
  return {
    push: async (files, branch) => github.push(files, { branch }),
    amend: async (files) => {
      const { objects } = github.repository;
      const head = github.push(files);
      const [replaced] = github.commitOf(head).parents;
      const commit = objects.addCommit({ ...github.commitOf(head), parents: github.commitOf(replaced!).parents });
      github.repository.setRef('refs/heads/main', commit.oid);
      return commit.oid;
    },
    show: async (path, revision) => github.show(path, revision),
    mode: async (path) => github.mode(path)!,
    commit: async (revision) => {
      const { message, parents, author, committer } = github.commitOf(revision);
      return { message, parents, author: author.name, at: new Date(committer.seconds * 1000).toISOString() };
    },
    branch: async (name) => github.head(name),
    merge: async (branch) => {
      const open = github.repository.pulls.find(({ head, state }) => head === branch && state === 'open');
      github.merge(open!.number);
    },
    deleteBranch: async (name) => github.deleteBranch(name),
    pull: async (number) => {
      const pull = github.pull(number);
      return {
        title: pull.title,
        body: pull.body ?? '',
        state: pull.mergedAt === undefined ? pull.state : 'merged',
        head: pull.headOid,
        labels: pull.labels,
        reviewers: [...pull.reviewers, ...pull.teams.map((team) => `${github.owner}/${team}`)],
        autoMerge: pull.autoMerge !== undefined,
        comments: pull.comments.map(({ body }) => body),
      };
    },
    closePull: async (number) => github.closePull(number),
    demandReviews: async () => {
      github.repository.protections.set('main', { requirePullRequest: false, approvals: 1 });
    },
  };
}

function memoryStore(): SurveyStore {
  const kept = new Map<string, Uint8Array>();
  return {
    load: async (key) => kept.get(key),
    save: async (key, content) => void kept.set(key, content),
  };
}
