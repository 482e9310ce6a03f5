import { expect, it } from 'vitest';

// As in entries.test.ts: JavaScript for the browser, without types.
const { twoValues } = await import(String(new URL('../../lib/dashboard/assets/words.js', import.meta.url)));

it('two values of a field are shown whole where they are short, and never look the same', () => {
  expect(twoValues(3, 5)).toEqual(['3', '5']);
  expect(twoValues('a', undefined)).toEqual(['a', 'not set']);
  const rules = (port: number) =>
    [...Array(20).keys()].map((index) => ({ host: `shop-${index}`, port: index < 15 ? 80 : port }));
  const [git, live] = twoValues(rules(80), rules(81));
  expect(git).toMatch(/^….*"shop-15","port":80\},/);
  expect(live).toMatch(/^….*"shop-15","port":81\},/);
  const long = 'x'.repeat(500);
  expect(twoValues(`${long}ab`, `${long}ac`).map((text: string) => text.slice(-2))).toEqual(['ab', 'ac']);
  expect(twoValues(long, undefined)[0]).toHaveLength(200);
});
