import { FAILSAFE_SCHEMA, load } from 'js-yaml';
import * as z from 'zod';
import { UserError } from '../../../model/errors.ts';
import { nearest } from '../../../model/nearest.ts';

/** https://helm.sh/docs/topics/chart_repository/: the part that is read; what is wrong with one chart must not hide another. */
const indexShape = z.looseObject({ entries: z.record(z.string(), z.unknown()) });
const versionsShape = z.array(
  z.looseObject({ version: z.string(), urls: z.array(z.string()).nullish(), digest: z.string().nullish() }),
);

/** Finds the archive of a version in index.yaml, which may be named relative to it. Throws `UserError` where there is none. */
export function findArchive(
  index: Uint8Array,
  address: URL,
  name: string,
  version: string,
): { url: URL; digest?: string } {
  const trouble = (what: string) =>
    new UserError(`the chart repository ${address.href} ${what}`, { code: 'chart-missing', subject: name });
  const { entries } = parse(index, () => trouble('has no index.yaml that can be read'));
  const found = Object.hasOwn(entries, name) ? versionsShape.safeParse(entries[name]) : undefined;
  if (found === undefined) throw trouble(`has no chart ${name}${meant(name, Object.keys(entries))}`);
  if (!found.success) throw trouble(`lists ${name} in a way that cannot be read`);
  const plain = (text: string) => text.replace(/^v/, '');
  const entry = found.data.find((one) => plain(one.version) === plain(version));
  if (entry === undefined) {
    throw trouble(
      `has no ${name} ${version}${meant(
        version,
        found.data.map((one) => one.version),
      )}`,
    );
  }
  const [url] = entry.urls ?? [];
  if (url === undefined || !URL.canParse(url, address.href)) throw trouble(`names no archive of ${name} ${version}`);
  const digest = /^(?:sha256:)?([0-9a-f]{64})$/.exec(entry.digest ?? '')?.[1];
  return {
    url: new URL(url, address),
    ...(digest !== undefined && { digest: `sha256:${digest}` }),
  };
}

function meant(text: string, known: string[]): string {
  const near = nearest(text, known);
  return near === undefined ? '' : `: did you mean ${near}?`;
}

/** Every scalar as it is written: a version or a digest may look like a number. */
function parse(bytes: Uint8Array, trouble: () => UserError): z.infer<typeof indexShape> {
  try {
    return indexShape.parse(load(new TextDecoder('utf-8', { fatal: true }).decode(bytes), { schema: FAILSAFE_SCHEMA }));
  } catch {
    throw trouble();
  }
}
