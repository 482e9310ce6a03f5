import { UserError } from '../model/errors.ts';

/** The port that an address of a config repo is reached at. Throws `UserError` for what a puller in a cluster cannot fetch from, or should not hold. */
export function repoPort(repo: string): number {
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(repo)) {
    if (/^[^/.:][^/:]*:(?!\/\/)./.test(repo)) return 22;
    throw refused(repo, 'it is a path of this machine: the puller runs in the cluster');
  }
  if (!URL.canParse(repo)) throw refused(repo, 'it is not a URL');
  const { protocol, username, password, port } = new URL(repo);
  if (protocol === 'ssh:' && password === '') return port === '' ? 22 : Number(port);
  if (protocol === 'https:' && username === '' && password === '') return port === '' ? 443 : Number(port);
  if (protocol === 'ssh:' || protocol === 'https:')
    throw refused(
      repo,
      'it has a user or a password in it: put them into the Secret windlass-git, or into Secrets Manager',
    );
  throw refused(repo, `${protocol.slice(0, -1)} is not allowed: use https or ssh`);
}

function refused(repo: string, why: string): UserError {
  const shown = repo.replace(/\/\/[^/@]*@/, '//');
  return new UserError(`the puller cannot fetch from ${JSON.stringify(shown)}: ${why}`, {
    code: 'repo-url',
    subject: shown,
  });
}
