import { describe, expect, it } from 'vitest';
import { repoPort } from '../../lib/install/repo-url.ts';

describe('the address of the config repo', () => {
  it.each([
    ['https://github.com/acme/config.git', 443],
    ['https://git.acme.example:8443/config.git', 8443],
    ['git@github.com:acme/config.git', 22],
    ['ssh://git@git.acme.example/config.git', 22],
    ['ssh://git@git.acme.example:2222/config.git', 2222],
  ])('%s is reached at port %d', (url, port) => {
    expect(repoPort(url)).toBe(port);
  });

  it.each([
    ['/srv/config', 'it is a path of this machine'],
    ['./config', 'it is a path of this machine'],
    ['file:///srv/config', 'file is not allowed'],
    ['http://git.acme.example/config.git', 'http is not allowed'],
    ['https://', 'it is not a URL'],
  ])('%s is refused: %s', (url, why) => {
    expect(() => repoPort(url)).toThrow(why);
  });

  it.each([
    'https://ada:hunter2@github.com/acme/config.git',
    'https://hunter2@github.com/acme/config.git',
    'ssh://git:hunter2@example.com/a',
  ])('with a password in it is refused, and the password is not told: %s', (url) => {
    const thrown = (() => {
      try {
        return String(repoPort(url));
      } catch (error) {
        return String(error);
      }
    })();
    expect(thrown).toContain('it has a user or a password in it');
    expect(thrown).not.toContain('hunter2');
  });
});
