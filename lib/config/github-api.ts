/**
 * True for the URL of a GitHub API: `https://HOST/api/v3`, `https://api.github.com`, `https://api.NAME.ghe.com`; without TLS only on this machine, where a
 * stand-in may be anywhere. A page of github.com is none.
 */
export function isGitHubApi(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, username, password, search, hash } = new URL(text);
  if ([username, password, search, hash].some((part) => part !== '')) return false;
  if (protocol === 'http:') return ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  const path = pathname.replace(/\/+$/, '');
  return protocol === 'https:' && (path.endsWith('/api/v3') || (path === '' && hostname.startsWith('api.')));
}
