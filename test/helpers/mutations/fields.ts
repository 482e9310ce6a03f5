import { isAllowed } from './allowed.ts';
import {
  type Aim,
  anyTool,
  type Edit,
  editing,
  kubectlPatch,
  kubectlReplace,
  type Loose,
  type Operator,
  putAt,
  type Subject,
} from './edit.ts';
import { textOf } from './path.ts';
import type { Site } from './sites.ts';
import type { Schema } from './types.ts';
import { otherValues } from './values.ts';

/** The edits of one place are tried for so many places of an object. */
const places = 6;

type As = Exclude<Aim, string>['as'];

/** An operator that does one thing to the places that fit. */
function onSites(
  name: string,
  amount: Pick<Operator, 'atLeast' | 'kinds' | 'share'>,
  fits: (site: Site, subject: Subject) => boolean,
  edits: (site: Site, subject: Subject) => Edit[],
): Operator {
  return {
    name,
    ...amount,
    edits: (subject) => {
      const sites = subject.sites.filter((site) => isAllowed(subject.git.kind, site) && fits(site, subject));
      return subject.random
        .shuffled(sites)
        .slice(0, places)
        .flatMap((site) => edits(site, subject));
    },
  };
}

const isScalar = ({ value }: Site) => ['string', 'number', 'boolean'].includes(typeof value);
const isOwned = ({ git }: Site) => git !== undefined && git !== null;
const inSpec = ({ pointer }: Site) => pointer[0] !== 'metadata';
const listOf = ({ value }: Site) => value as unknown[];
const at = (site: Site, as: As): Aim => ({ path: site.told, as });

const set = (what: string, as: As) => (site: Site, subject: Subject) =>
  otherValues(site).map((value) =>
    editing(subject, anyTool(subject), `${what} ${site.told}`, at(site, as), (copy) =>
      putAt(copy, site.pointer, value),
    ),
  );

const changing = (site: Site, subject: Subject, what: string, aim: Aim, value: unknown, tool = anyTool(subject)) =>
  editing(subject, tool, `${what} ${site.told}`, aim, (copy) => putAt(copy, site.pointer, value));

/** An item like another one, under another name. */
function itemLike(site: Site): Loose | undefined {
  if (site.shape.kind !== 'items') return undefined;
  const last = structuredClone(listOf(site).at(-1)) as Loose;
  const { keys } = site.shape;
  for (const key of keys) {
    const value = last[key];
    if (typeof value === 'number') last[key] = value + 1001;
    else if (key === 'mountPath') last[key] = `${value}-by-hand`;
    else if (key === 'ip') last[key] = '10.9.8.7';
    else if (typeof value === 'string' && key !== 'protocol' && key !== 'whenUnsatisfiable')
      last[key] = `by-hand-${value}`.slice(0, 15).replace(/-$/, '');
  }
  if (keys.includes('port') || keys.includes('containerPort')) last.name = 'by-hand';
  delete last.nodePort;
  return last;
}

function itemPath(site: Site, item: Loose): string {
  if (site.shape.kind !== 'items') return '';
  const { keys, defaults } = site.shape;
  return textOf([...site.path, { keys: Object.fromEntries(keys.map((key) => [key, item[key] ?? defaults[key]])) }]);
}

/** Fields that the kind has and the object has not, with values to try. */
function unset(site: Site, subject: Subject): { name: string; value: unknown }[] {
  const { properties = {} } = site.schema;
  const free = Object.entries(properties).filter(([name]) => !Object.hasOwn(site.value as object, name));
  const known = free.flatMap(([name, schema]) =>
    valuesOf(name, subject.types.resolve(schema)).map((value) => ({ name, value })),
  );
  return subject.random.shuffled(
    known.filter(({ name }) => site.path.length > 0 || !['status', 'metadata'].includes(name)),
  );
}

function valuesOf(name: string, schema: Schema): unknown[] {
  if (schema.enum !== undefined) return schema.enum.filter((one) => one !== '').slice(0, 2);
  if (schema.type === 'boolean') return [true, false];
  if (schema.type === 'integer') return [7];
  if (['limits', 'requests'].includes(name)) return [{ cpu: '3', memory: '3Gi' }];
  if (name === 'medium') return ['Memory'];
  return [];
}

/** Edits of single fields, items and keys, by tools that can change anything. */
export const fieldOperators: Operator[] = [
  onSites(
    'change a scalar',
    { atLeast: 30, kinds: 15 },
    (site) => isScalar(site) && isOwned(site) && !site.inside && !site.isKey && inSpec(site) && !site.isItem,
    set('change', 'changed'),
  ),
  onSites(
    'change inside a list or map that is one value',
    { atLeast: 30, kinds: 13 },
    (site) => isScalar(site) && isOwned(site) && site.inside,
    set('change inside', 'changed'),
  ),
  onSites(
    'lengthen a list that is one value',
    { atLeast: 15, kinds: 8 },
    (site) =>
      Array.isArray(site.value) &&
      isOwned(site) &&
      !site.inside &&
      site.shape.kind === 'leaf' &&
      listOf(site).length > 0,
    (site, subject) => {
      const last = listOf(site).at(-1);
      const more =
        typeof last === 'string'
          ? otherValues({ ...site, value: last, pointer: [...site.pointer, 0] })
          : [varied(last)];
      return more.map((one) => changing(site, subject, 'append to', at(site, 'changed'), [...listOf(site), one]));
    },
  ),
  onSites(
    'shorten a list that is one value',
    { atLeast: 14, kinds: 7 },
    (site) =>
      Array.isArray(site.value) &&
      isOwned(site) &&
      !site.inside &&
      site.shape.kind === 'leaf' &&
      listOf(site).length > 1,
    (site, subject) => [changing(site, subject, 'shorten', at(site, 'changed'), listOf(site).slice(0, -1))],
  ),
  onSites(
    'reorder a list that is one value',
    { atLeast: 14, kinds: 7 },
    (site) =>
      Array.isArray(site.value) &&
      isOwned(site) &&
      !site.inside &&
      site.shape.kind === 'leaf' &&
      new Set(listOf(site).map((one) => JSON.stringify(one))).size > 1,
    (site, subject) => [changing(site, subject, 'reorder', at(site, 'changed'), listOf(site).toReversed())],
  ),
  onSites(
    'remove a field',
    { atLeast: 25, kinds: 12 },
    (site) =>
      isOwned(site) &&
      !site.inside &&
      site.declared &&
      !site.isItem &&
      !site.isKey &&
      inSpec(site) &&
      site.path.length > 1,
    (site, subject) => [changing(site, subject, 'remove', at(site, 'removed'), undefined)],
  ),
  onSites(
    'remove a key of a map',
    { atLeast: 20, kinds: 8 },
    (site) => isOwned(site) && !site.inside && !site.declared && !site.isItem && inSpec(site),
    (site, subject) => [changing(site, subject, 'remove', at(site, 'removed'), undefined)],
  ),
  onSites(
    'add a key to a map',
    { atLeast: 25, kinds: 8 },
    (site) =>
      isOwned(site) &&
      site.shape.kind === 'map' &&
      !site.inside &&
      inSpec(site) &&
      site.schema.properties === undefined &&
      typeof site.value === 'object',
    (site, subject) => {
      const like = Object.values(site.value as object)[0];
      const value = typeof like === 'string' ? (like.length > 1000 ? '1' : like) : (like ?? 'by-hand');
      const path = (name: string) => textOf([...site.path, { field: name }]);
      return ['by-hand', 'by.hand', 'example.com/by-hand'].map((name) =>
        editing(subject, anyTool(subject), `add ${path(name)}`, { path: path(name), as: 'added' }, (copy) =>
          putAt(copy, [...site.pointer, name], value),
        ),
      );
    },
  ),
  onSites(
    'remove an item',
    { atLeast: 6, kinds: 3, share: 20 },
    (site) => isOwned(site) && !site.inside && site.isItem && 'keys' in site.path.at(-1)!,
    (site, subject) => [changing(site, subject, 'remove', at(site, 'removed'), undefined)],
  ),
  onSites(
    'add an item',
    { atLeast: 18, kinds: 6 },
    (site) => isOwned(site) && !site.inside && site.shape.kind === 'items' && listOf(site).length > 0,
    (site, subject) => {
      const item = itemLike(site);
      if (item === undefined) return [];
      const aim: Aim = { path: itemPath(site, item), as: 'added' };
      return [changing(site, subject, `add ${itemPath(site, item)} to`, aim, [...listOf(site), item])];
    },
  ),
  onSites(
    'rename an item',
    { atLeast: 14, kinds: 3 },
    (site) =>
      isOwned(site) &&
      site.isKey &&
      !site.inside &&
      ['string', 'number'].includes(typeof site.value) &&
      !['protocol', 'whenUnsatisfiable'].includes(String(site.pointer.at(-1))),
    (site, subject) => {
      const value = typeof site.value === 'number' ? site.value + 1002 : `${site.value}-2`.slice(-15).replace(/^-/, '');
      const item = textOf(site.path.slice(0, -1));
      return [
        editing(subject, anyTool(subject), `rename ${item}`, { path: item, as: 'removed' }, (copy) =>
          putAt(copy, site.pointer, value),
        ),
      ];
    },
  ),
  onSites(
    'reorder items',
    { atLeast: 14, kinds: 4 },
    (site) => isOwned(site) && !site.inside && ['items', 'set'].includes(site.shape.kind) && listOf(site).length > 1,
    (site, subject) => [
      changing(site, subject, 'reorder', at(site, 'reordered'), listOf(site).toReversed(), kubectlReplace),
    ],
  ),
  onSites(
    'change a default',
    { atLeast: 20, kinds: 8 },
    (site) =>
      isScalar(site) &&
      site.git === undefined &&
      !site.inside &&
      !site.isKey &&
      inSpec(site) &&
      !site.isItem &&
      site.path.length > 0,
    (site, subject) =>
      otherValues(site).map((value) =>
        editing(
          subject,
          anyTool(subject),
          `change the default ${site.told}`,
          { path: site.told, as: 'added' },
          (copy) => putAt(copy, site.pointer, value),
        ),
      ),
  ),
  onSites(
    'set a field that is not set',
    { atLeast: 25, kinds: 8 },
    (site) =>
      isOwned(site) &&
      !site.inside &&
      site.shape.kind === 'map' &&
      site.schema.properties !== undefined &&
      Object.keys(site.git as object).length > 0 &&
      inSpec(site),
    (site, subject) =>
      unset(site, subject)
        .slice(0, 3)
        .map(({ name, value }) => setField(site, subject, name, value)),
  ),
  onSites(
    'fill what Git has empty',
    { atLeast: 8, kinds: 3 },
    (site) =>
      !site.inside &&
      site.shape.kind === 'map' &&
      isOwned(site) &&
      Object.keys(site.git as object).length === 0 &&
      inSpec(site),
    (site, subject) =>
      unset(site, subject)
        .slice(0, 6)
        .map(({ name, value }) => setField(site, subject, name, value)),
  ),
  onSites(
    'append a duplicate',
    { atLeast: 6, kinds: 2 },
    (site) =>
      isOwned(site) &&
      !site.inside &&
      site.isItem &&
      textOf(site.path).includes('.env[') &&
      typeof (site.value as Loose).value === 'string',
    (site, subject) => [
      editing(subject, kubectlPatch, `append a second ${site.told}`, at(site, 'changed'), (copy) => {
        const list = site.pointer.slice(0, -1).reduce((inner, name) => inner[name], copy);
        list.push({ ...(site.value as object), value: 'twice' });
      }),
    ],
  ),
];

function setField(site: Site, subject: Subject, name: string, value: unknown): Edit {
  const path = textOf([...site.path, { field: name }]);
  return editing(subject, anyTool(subject), `set ${path}`, { path, as: 'added' }, (copy) =>
    putAt(copy, [...site.pointer, name], value),
  );
}

/** A copy with another text in it somewhere. */
function varied(value: unknown): unknown {
  const copy = structuredClone(value);
  const change = (one: Loose): boolean =>
    typeof one === 'object' &&
    one !== null &&
    Object.entries(one).some(([name, inner]) => {
      if (typeof inner !== 'string') return change(inner);
      one[name] = name === 'operator' ? inner : `${inner}-by-hand`;
      return name !== 'operator';
    });
  change(copy);
  return copy;
}
