import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithBrowser, keepScreenshot, launchChromium, openPage } from '../helpers/browser.ts';

const file = 'docs/github-app/create.html';

describeWithBrowser('the page that makes the GitHub App', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it.each([
    ['an organisation', 'acme', 'https://github.com/organizations/acme/settings/apps/new', 'https://github.com/acme'],
    ['an own account', '', 'https://github.com/settings/apps/new', 'https://github.com'],
  ])('sends GitHub the manifest for %s, and nothing else', async (_, organisation, url, home) => {
    const { page, complaints, requests } = await openPage(browser, pathToFileURL(file).href);
    await page.route(/^https:/, (route) => route.fulfill({ contentType: 'text/html', body: '<title>GitHub</title>' }));
    await page.getByLabel('Organisation').fill(organisation);
    await page.getByLabel('Name of the App').fill('windlass-acme');
    if (organisation !== '') await keepScreenshot(page, 'github-app');
    const sent = page.waitForRequest(/^https:/);
    await page.getByRole('button', { name: 'Go to GitHub' }).click();
    const request = await sent;
    expect([request.method(), request.url()]).toEqual(['POST', url]);
    const form = new URLSearchParams(request.postData()!);
    expect([...form.keys()]).toEqual(['manifest']);
    const manifest = JSON.parse(await readFile('docs/github-app/manifest.json', 'utf8')) as object;
    expect(JSON.parse(form.get('manifest')!)).toEqual({ ...manifest, name: 'windlass-acme', url: home });
    await page.waitForURL(url);
    expect(complaints).toEqual([]);
    expect(requests.filter((address) => !address.startsWith('file:'))).toEqual([url]);
  });

  it('goes nowhere with a name that no organisation has', async () => {
    const { page, requests } = await openPage(browser, pathToFileURL(file).href);
    await page.getByLabel('Organisation').fill('acme/../evil');
    await page.getByRole('button', { name: 'Go to GitHub' }).click();
    expect(await page.evaluate("document.querySelector('form').checkValidity()")).toBe(false);
    expect(requests.filter((address) => !address.startsWith('file:'))).toEqual([]);
  });
});
