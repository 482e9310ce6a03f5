import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { healthy } from '../dashboard/states.ts';
import { describeWithBrowser, keepScreenshot, launchChromium, openPage } from '../helpers/browser.ts';
import { lowContrast, overflowing } from './looks.ts';
import { stage } from './stage.ts';

const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';
const branch = 'windlass/bump/prod';
const url = `https://github.example.com/acme/${'a-config-repository-with-a-long-name-'.repeat(4)}/pull/12345`;
const texts = [
  `1.6.0 waits: scan: 3 findings of high or above (2 older tags wait, too); prod: pull request #12345 (${url}) waits for a review`,
  `somebody committed to ${branch}: bump leaves it to them until it is merged or deleted`,
  `1.7.0-rc.${'1234567890'.repeat(11)} waits: platforms: linux/amd64, linux/arm64/v8 are missing; ${'it could not be proposed: '.repeat(30)}end`,
];

describeWithBrowser('the page with images that wait', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it.each([
    ['a wide window', 1280],
    ['a phone', 360],
  ])('shows the reasons whole or cut, and nothing over the edge: %s', async (_, width) => {
    const now = new Date();
    const state = healthy(now);
    for (const [index, waiting] of texts.entries()) {
      state.images[index]!.waiting = waiting;
      state.images[index]!.newest = '1.6.0';
    }
    const record = { at: now.toISOString(), actor: 'windlass bump', result: 'ok' as const };
    state.timeline.unshift(
      {
        ...record,
        id: 'offer',
        kind: 'bump-proposed',
        subjects: ['image:web', 'event:e-2'],
        summary: `web to 1.6.0 was proposed: pull request #12345 (${url})`,
      },
      {
        ...record,
        id: 'scan',
        kind: 'scan-finished',
        actor: 'scan event',
        subjects: ['image:web', 'event:e-2'],
        summary: `the scan of ${registry}/shop/web@sha256:${'7f5b'.repeat(16)} finished`,
      },
    );
    const on = await stage(state);
    const { page, complaints } = await openPage(browser, on.url, { viewport: { width, height: 900 } });
    await page.locator('body[aria-busy="false"]').waitFor();
    const images = page.getByRole('region', { name: 'Images' });
    expect(await images.getByText('waiting', { exact: true }).count()).toBe(3);
    const notes = await images.locator('.note').allInnerTexts();
    expect(notes.slice(0, 2)).toEqual(texts.slice(0, 2));
    expect(notes[2]).toMatch(/^1\.7\.0-rc\..*…$/);
    const [entry] = await page.locator('#timeline > li').all();
    expect(await entry!.innerText()).toMatch(
      /^bump proposed\s+web to 1\.6\.0 was proposed[\s\S]*the scan of .* finished/,
    );
    expect(await overflowing(page)).toEqual([]);
    expect(await lowContrast(page)).toEqual([]);
    await keepScreenshot(page, `page-waiting-${width}`);
    expect(complaints).toEqual([]);
  });
});
