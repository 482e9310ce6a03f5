import { describe, expect, it } from 'vitest';
import { host, stage } from './setup.ts';

const windlassFile = `windlass: 1
images:
  web: { image: ${host}/shop/web, semver: "*" }
clusters: { main: {} }
syncs:
  shop: { cluster: main, path: apps }
`;
const whole = (text: string) => `web: ${host}/shop/web:${text} # {"$imagepolicy": "web"}\n`;
const tag = (text: string) => `newTag: ${text} # {"$imagepolicy": "web:tag"}\n`;
const digest = `sha256:${'a'.repeat(64)}`;
const shop = { target: { sync: 'shop' } };

describe('a file that comes again with its sync', () => {
  const deleted = async (there: string, gone: string) => {
    const at = await stage({ 'windlass.yaml': windlassFile, 'apps/a.yaml': there, 'apps/b.yaml': gone });
    at.git.push({ 'apps/b.yaml': undefined });
    const plan = await at.plan(shop);
    if (plan.result === 'none') throw new Error(plan.reason);
    return plan.holds.map((hold) => hold.tag);
  };

  it.each([
    ['the tag of a reference', whole('1.0.0'), tag('1.0.0')],
    ['the reference of a tag', tag('1.0.0'), whole('1.0.0')],
    ['the same text', tag('1.0.0'), tag('1.0.0')],
    ['the digest beside the tag', whole(`1.0.0@${digest}`), tag(`1.0.0@${digest}`)],
  ])('holds nothing where Git has what it has: %s', async (_, there, gone) => {
    expect(await deleted(there, gone)).toEqual([]);
  });

  it.each([
    ['another tag', whole('1.0.0'), tag('0.9.0'), '0.9.0'],
    ['another digest of the tag', whole('1.0.0'), tag(`1.0.0@${digest}`), '1.0.0'],
  ])('holds an image where the next bump would undo it: %s', async (_, there, gone, held) => {
    expect(await deleted(there, gone)).toEqual([held]);
  });
});
