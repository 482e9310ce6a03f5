import { standinPackages } from './packages.ts';

/** The GitHub of the `emulate` package: written by others, without GraphQL, statuses and archives. */
export interface Emulated {
  url: string;
  owner: string;
  repo: string;
  app: { id: number; installationId: number; privateKey: string };
  /** A person's. What an App does shows an address of its bot that is no URI. */
  token: string;
  close(): Promise<void>;
}

/** The little of the package that is used. */
interface EmulatePackage {
  createEmulator(options: object): Promise<{
    url: string;
    generatedSecrets: { kind: string; id: string; value: string }[];
    close(): Promise<void>;
  }>;
}

/** Starts it on 127.0.0.1 with one private repository that has a commit on `main`, and an App installed on it. */
export async function startEmulate(port: number): Promise<Emulated> {
  const { createEmulator } = await (await standinPackages()).load<EmulatePackage>('emulate/dist/api.js');
  const [owner, repo] = ['acme', 'config'];
  const emulator = await createEmulator({
    service: 'github',
    port,
    hostname: '127.0.0.1',
    baseUrl: `http://127.0.0.1:${port}`,
    seed: {
      tokens: { 'token-of-acme': { login: owner, scopes: ['repo'] } },
      github: {
        // A user: what it shows of an organization lacks addresses that GitHub's description demands.
        users: [{ login: owner, email: 'acme@example.com' }],
        repos: [{ owner, name: repo, private: true, auto_init: true, default_branch: 'main' }],
        apps: [
          {
            app_id: 7,
            slug: 'windlass',
            name: 'windlass',
            permissions: { contents: 'write', pull_requests: 'write', issues: 'write', metadata: 'read' },
            installations: [{ installation_id: 42, account: owner, repository_selection: 'all' }],
          },
        ],
      },
    },
  });
  const key = emulator.generatedSecrets.find(({ kind }) => kind === 'github.app_private_key');
  if (key === undefined) throw new Error('emulate made no key for the App');
  return {
    url: `http://127.0.0.1:${port}`,
    owner,
    repo,
    app: { id: 7, installationId: 42, privateKey: key.value },
    token: 'token-of-acme',
    close: () => emulator.close(),
  };
}
