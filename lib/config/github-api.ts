/** True for the URL of a GitHub API: `https://api.github.com`, `https://HOST/api/v3`; without TLS only on this machine, for a stand-in. */
export function isGitHubApi(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  const isLocal = protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  return (protocol === 'https:' || isLocal) && [username, password, search, hash].every((part) => part === '');
}
