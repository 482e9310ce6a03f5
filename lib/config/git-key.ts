import * as z from 'zod';
import { UserError } from '../model/errors.ts';

/** A key to the config repo. */
export type GitKey =
  | { kind: 'token'; token: string }
  | { kind: 'github-app'; appId: number | string; installationId?: number; privateKey: string }
  | { kind: 'ssh'; privateKey: string; knownHosts: string };

/** The names of the files that a Secret with a key to the config repo may have. */
export const gitKeyFiles = ['token', 'github-app.json', 'ssh-privatekey', 'known_hosts'] as const;
/** The files of such a Secret: what is absent is undefined. */
export type GitKeyFiles = Partial<Record<(typeof gitKeyFiles)[number], string>>;

const app = z.strictObject({
  appId: z.union([z.number().int().positive(), z.string().regex(/^(?:\d+|Iv[A-Za-z0-9.]+)$/)]),
  installationId: z.number().int().positive().optional(),
  privateKey: z.string().min(1),
});
const token = z.strictObject({ token: z.string().min(1) });
const ssh = z.strictObject({ sshPrivateKey: z.string().min(1), knownHosts: z.string().min(1) });

/**
 * The key in the files of a Secret: a token, the key of a GitHub App, or an ssh key with the hosts it may be shown to. Undefined where there is none of
 * them. Throws `UserError`, which never quotes a file, where there are two or one cannot be used; `where` names the place.
 */
export function gitKeyOfFiles(files: GitKeyFiles, where: string): GitKey | undefined {
  const keys = (['token', 'github-app.json', 'ssh-privatekey'] as const).filter((name) => files[name] !== undefined);
  if (keys.length > 1) throw unusable(where, `it has ${keys.join(' and ')}: which one counts?`);
  if (keys[0] === undefined) return undefined;
  if (keys[0] === 'token') return { kind: 'token', token: oneLine(files.token!, where) };
  if (keys[0] === 'github-app.json')
    return { kind: 'github-app', ...appOf(jsonOf(files['github-app.json']!, where), where) };
  const knownHosts = files.known_hosts?.trim();
  if (!knownHosts) throw unusable(where, 'ssh-privatekey is there without known_hosts: the host could be anybody');
  return { kind: 'ssh', privateKey: files['ssh-privatekey']!, knownHosts };
}

/**
 * The key in the text of a secret of Secrets Manager: JSON with `token`, with `appId`, `privateKey` and perhaps `installationId`, or with `sshPrivateKey` and
 * `knownHosts`; a text that is no JSON is a token. Throws `UserError`, which never quotes the text.
 */
export function gitKeyOfText(text: string, where: string): GitKey {
  if (!text.trimStart().startsWith('{')) return { kind: 'token', token: oneLine(text, where) };
  const value = jsonOf(text, where);
  const found = { token: token.safeParse(value), ssh: ssh.safeParse(value) };
  if (found.token.success) return { kind: 'token', token: oneLine(found.token.data.token, where) };
  if (found.ssh.success)
    return { kind: 'ssh', privateKey: found.ssh.data.sshPrivateKey, knownHosts: found.ssh.data.knownHosts };
  if (typeof value === 'object' && value !== null && 'appId' in value)
    return { kind: 'github-app', ...appOf(value, where) };
  throw unusable(where, 'its JSON has neither token, nor appId and privateKey, nor sshPrivateKey and knownHosts');
}

function appOf(value: unknown, where: string): z.infer<typeof app> {
  const read = app.safeParse(value);
  if (read.success) return read.data;
  // Paths alone: a message of the schema may quote what it found.
  const keys = read.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : issue.path.join('.'),
  );
  throw unusable(
    where,
    `the GitHub App needs appId, privateKey and perhaps installationId; look at ${keys.join(', ')}`,
  );
}

function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unusable(where, 'it is not JSON');
  }
}

function oneLine(text: string, where: string): string {
  const line = text.trim();
  if (line === '' || /\s/.test(line)) throw unusable(where, 'its token is empty, or more than one word');
  return line;
}

function unusable(where: string, why: string): UserError {
  return new UserError(`the key to the config repo in ${where} cannot be used: ${why}`, {
    code: 'git-key',
    subject: where,
  });
}
