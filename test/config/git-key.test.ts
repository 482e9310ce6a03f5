import { describe, expect, it } from 'vitest';
import { type GitKeyFiles, gitKeyOfFiles, gitKeyOfText } from '../../lib/config/git-key.ts';

const where = '/etc/windlass/git';
const messageOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was taken');
};

describe('the key to the config repo', () => {
  it('is one of three kinds of files, or none', () => {
    expect(gitKeyOfFiles({}, where)).toBeUndefined();
    expect(gitKeyOfFiles({ known_hosts: 'github.com ssh-ed25519 AAAA' }, where)).toBeUndefined();
    expect(gitKeyOfFiles({ token: 'abc\n' }, where)).toEqual({ kind: 'token', token: 'abc' });
    const app = { appId: 7, installationId: 8, privateKey: 'PEM' };
    expect(gitKeyOfFiles({ 'github-app.json': JSON.stringify(app) }, where)).toEqual({ kind: 'github-app', ...app });
    expect(gitKeyOfFiles({ 'ssh-privatekey': 'KEY\n', known_hosts: 'host key\n' }, where)).toEqual({
      ...{ kind: 'ssh', privateKey: 'KEY\n', knownHosts: 'host key' },
    });
  });

  it('is read from the text of a secret', () => {
    expect(gitKeyOfText('abc', where)).toEqual({ kind: 'token', token: 'abc' });
    expect(gitKeyOfText('{"token":"abc"}', where)).toEqual({ kind: 'token', token: 'abc' });
    expect(gitKeyOfText('{"appId":"7","privateKey":"PEM"}', where)).toMatchObject({ kind: 'github-app', appId: '7' });
    expect(gitKeyOfText('{"sshPrivateKey":"KEY","knownHosts":"h"}', where)).toMatchObject({ kind: 'ssh' });
  });

  it('is refused in words that never quote it', () => {
    const files: GitKeyFiles[] = [
      { token: 'canary one' },
      { token: '' },
      { token: 'canary', 'ssh-privatekey': 'canary', known_hosts: 'h' },
      { 'ssh-privatekey': 'canary' },
      { 'github-app.json': '{"appId":"canary","privateKey":"canary"}' },
      { 'github-app.json': '{"appId":1,"privateKey":"canary","more":"canary"}' },
      { 'github-app.json': 'canary{' },
    ];
    for (const one of files) {
      const message = messageOf(() => gitKeyOfFiles(one, where));
      expect(message).toContain(`the key to the config repo in ${where} cannot be used`);
      expect(message).not.toContain('canary');
    }
    for (const text of ['{"canary":1}', '{canary', 'canary canary', '{"token":"canary canary"}']) {
      expect(messageOf(() => gitKeyOfText(text, where))).not.toContain('canary');
    }
  });
});
