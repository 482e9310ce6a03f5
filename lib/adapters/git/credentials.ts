import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { SshAccess, TokenAccess } from './access.ts';
import { isRefused } from './failure.ts';
import type { Remote } from './remote.ts';
import { type GitAnswer, type GitCall, runGit } from './run.ts';

/**
 * Runs a call of git that reaches the remote, with what opens it. No secret is in a URL, an argument, the environment of a process or in the
 * answer: a token goes to git through a pipe (git's credential protocol), a key is a file that only its owner can read and that is gone
 * afterwards. A token that the host refuses is asked for anew, once.
 */
export async function runOnRemote(remote: Remote, call: GitCall): Promise<GitAnswer> {
  const asked: GitCall = { ...call, config: [...remote.config, ...(call.config ?? [])] };
  if (remote.access.kind === 'token') return await withToken(remote, remote.access, asked);
  if (remote.access.kind === 'ssh') return await withKey(remote.access, asked);
  return await runGit(asked);
}

async function withToken(remote: Remote, access: TokenAccess, call: GitCall): Promise<GitAnswer> {
  checkLine(remote, access.username ?? '');
  const token = checkToken(remote, await access.token());
  const answer = await runWithToken(remote, access, token, call);
  if (answer.code === 0 || !isRefused(answer.stderr)) return answer;
  const other = checkToken(remote, await access.token(token));
  return other === token ? answer : await runWithToken(remote, access, other, call);
}

/** Descriptor 3 can be read once: whoever else looks, as the helper called to forget a token, gets nothing. */
const helper = `!f() { if test "$1" = get; then cat <&3; fi; }; f`;

async function runWithToken(remote: Remote, access: TokenAccess, token: string, call: GitCall): Promise<GitAnswer> {
  const username = access.username ?? 'x-access-token';
  const answer = await runGit({
    ...call,
    // For this host alone: one that a redirect leads to gets nothing.
    config: [...(call.config ?? []), [`credential.${remote.origin}.helper`, helper]],
    handed: `username=${username}\npassword=${token}\n`,
  });
  const basic = Buffer.from(`${username}:${token}`).toString('base64');
  return { ...answer, stderr: answer.stderr.replaceAll(token, '***').replaceAll(basic, '***') };
}

function checkToken(remote: Remote, token: string): string {
  if (token !== '') return checkLine(remote, token);
  throw new UserError(`the token for ${remote.shown} is empty`, { code: 'repo-access', subject: remote.shown });
}

/** A line break would end the line of git's protocol, and begin one of somebody's choice. */
function checkLine(remote: Remote, text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (!/[\x00-\x1f\x7f]/.test(text)) return text;
  throw new UserError(`the user or token for ${remote.shown} has a line break or another control character in it`, {
    code: 'repo-access',
    subject: remote.shown,
  });
}

async function withKey(access: SshAccess, call: GitCall): Promise<GitAnswer> {
  const directory = await mkdtemp(join(tmpdir(), 'windlass-ssh-'));
  const [config, key, knownHosts] = ['config', 'key', 'known_hosts'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  try {
    const mode = 0o600;
    // ssh reads a key only when its last line ends.
    await writeFile(key, `${(await access.privateKey()).replaceAll('\r\n', '\n').trim()}\n`, { mode });
    await writeFile(knownHosts, `${access.knownHosts.trim()}\n`, { mode });
    await writeFile(config, sshConfig(key, knownHosts), { mode });
    const env = { GIT_SSH_COMMAND: `ssh -F '${config.replaceAll("'", `'\\''`)}'`, GIT_SSH_VARIANT: 'ssh' };
    return await runGit({ ...call, env: { ...call.env, ...env } });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function sshConfig(key: string, knownHosts: string): string {
  const path = (file: string) => `"${file.replaceAll('%', '%%')}"`;
  return [
    'Host *',
    `IdentityFile ${path(key)}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    `UserKnownHostsFile ${path(knownHosts)}`,
    'GlobalKnownHostsFile none',
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    'BatchMode yes',
    'PreferredAuthentications publickey',
    'ForwardAgent no',
    'ClearAllForwardings yes',
    'ControlMaster no',
    'ControlPath none',
    'ConnectTimeout 20',
    'ServerAliveInterval 15',
    'ServerAliveCountMax 4',
    '',
  ].join('\n');
}
