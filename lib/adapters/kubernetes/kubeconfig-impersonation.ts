import { UserError } from '../../model/errors.ts';

type Fields = Record<string, unknown>;

/**
 * The headers of the groups, the uid and the extra fields that the user of a kubeconfig acts with beside its `as`, as kubectl sends them. Throws
 * `UserError` for what cannot be sent: to leave it out would be to act as somebody else.
 */
export function impersonationHeaders(file: string, user: Fields): Record<string, string | string[]> {
  const { as, 'as-groups': groups, 'as-uid': uid, 'as-user-extra': extra } = user;
  const refused = (why: string) => new UserError(`${file}: ${why}`, { code: 'kubeconfig', subject: file });
  const isThere = (value: unknown) => value !== undefined && value !== null && value !== '';
  if (![groups, uid, extra].some(isThere)) return {};
  if (typeof as !== 'string' || as === '')
    throw refused(
      'its user has as-groups, as-uid or as-user-extra without "as": say whom it acts as, or take them out',
    );
  if (isThere(groups) && !isTexts(groups)) throw refused('as-groups of its user is not a list of texts');
  if (isThere(uid) && typeof uid !== 'string') throw refused('as-uid of its user is not a text');
  const more = Object.entries(isThere(extra) ? (extra as Fields) : {}).map(([name, values]) => {
    if (!isTexts(values)) throw refused(`as-user-extra ${name} of its user is not a list of texts`);
    // As RFC 3986 has it: the name of a header has fewer characters than that of a field.
    return [`impersonate-extra-${encodeURIComponent(name).toLowerCase()}`, values] as const;
  });
  return {
    ...(isTexts(groups) && groups.length > 0 && { 'impersonate-group': groups }),
    ...(typeof uid === 'string' && uid !== '' && { 'impersonate-uid': uid }),
    ...Object.fromEntries(more),
  };
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
