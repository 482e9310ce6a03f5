const link = /\s*<([^>]*)>((?:\s*;\s*[^\s=;,]+\s*(?:=(?:"[^"]*"|[^",;]*))?)*)\s*(?:,|$)/gy;

/**
 * The address with `rel="next"` in a Link header (RFC 8288), as it is written there. A link without `rel` counts, because a page that is missed is a
 * tag that is missed. `unreadable` for a header that is no list of links.
 */
export function nextLink(header: string | null): string | undefined | 'unreadable' {
  const text = header?.trim() ?? '';
  if (text.length > 4096) return 'unreadable';
  let next: string | undefined;
  let end = 0;
  for (const match of text.matchAll(link)) {
    end = match.index + match[0].length;
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^",;\s]*))/i.exec(match[2]!);
    const relations = (rel?.[1] ?? rel?.[2] ?? 'next').toLowerCase().split(/\s+/);
    if (relations.includes('next')) next ??= match[1]!;
  }
  return end === text.length ? next : 'unreadable';
}
