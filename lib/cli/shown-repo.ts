/** A config repo, as `--repo` takes it, in the form that may be printed: the user and password of an address are left out. */
export function shownRepo(repo: string): string {
  const url = URL.parse(repo);
  if (url === null || (url.username === '' && url.password === '') || url.protocol === 'ssh:') return repo;
  url.username = '';
  url.password = '';
  return url.toString();
}
