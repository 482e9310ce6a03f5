import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { healthy } from '../dashboard/states.ts';
import { describeWithBrowser, launchChromium, openPage } from '../helpers/browser.ts';
import { stage } from './stage.ts';

const body = JSON.stringify({ repository: 'shop/web', tag: '6.6.6' });

/** A site of somebody else, on another port. */
async function foreignSite(html: string): Promise<string> {
  const server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(html));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describeWithBrowser('a foreign site in the same browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(['--host-resolver-rules=MAP evil.example 127.0.0.1']);
  });
  afterAll(() => browser?.close());

  it.each([
    ['JSON', { 'content-type': 'application/json' }, 'cors'],
    ['text, without being asked first', { 'content-type': 'text/plain' }, 'no-cors'],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'no-cors'],
  ] as const)('cannot push by fetch as %s', async (_, headers, mode) => {
    const on = await stage(healthy(new Date()));
    const { page } = await openPage(browser, await foreignSite('<title>foreign</title>'));
    const came = await page.evaluate(
      async (asked) =>
        await fetch(asked.url, { method: 'POST', mode: asked.mode, headers: asked.headers, body: asked.body }).then(
          (answer) => `${answer.type} ${answer.status}`,
          (error: Error) => error.message,
        ),
      { url: `${on.url}api/push`, mode, headers, body },
    );
    expect(came).toMatch(/Failed to fetch|opaque 0/);
    expect(on.pushes).toEqual([]);
  });

  it('cannot push by a form', async () => {
    const on = await stage(healthy(new Date()));
    const form = `<form method="post" enctype="text/plain" action="${on.url}api/push"><input name='${body.slice(0, -1)},"x":"' value='"}'><button>go</button></form>`;
    const { page } = await openPage(browser, await foreignSite(form));
    await page.getByRole('button').click();
    await page.waitForURL(`${on.url}api/push`);
    expect(await page.locator('body').innerText()).toContain('may not use this page');
    expect(on.pushes).toEqual([]);
  });

  it('cannot read the state, nor listen to it', async () => {
    const on = await stage(healthy(new Date()));
    const { page } = await openPage(browser, await foreignSite('<title>foreign</title>'));
    for (const path of ['api/state', 'api/events', 'app.js']) {
      const came = await page.evaluate(
        async (url) =>
          await fetch(url).then(
            (answer) => answer.text(),
            (error: Error) => error.message,
          ),
        `${on.url}${path}`,
      );
      expect(came).toBe('Failed to fetch');
    }
  });

  it('cannot put the page into a frame', async () => {
    const on = await stage(healthy(new Date()));
    const { page, complaints } = await openPage(browser, await foreignSite(`<iframe src="${on.url}"></iframe>`));
    await expect.poll(() => complaints.join('\n')).toContain('frame-ancestors');
    expect(await page.frameLocator('iframe').locator('#headline').count()).toBe(0);
  });

  it('cannot be the page under a name of its own (DNS rebinding)', async () => {
    const on = await stage(healthy(new Date()));
    const { page } = await openPage(browser, `http://evil.example:${on.port}/`);
    expect(await page.locator('body').innerText()).toContain(
      `Host "evil.example:${on.port}" is not this machine's own page`,
    );
    const state = await page.evaluate(async () => await fetch('/api/state').then((answer) => answer.text()));
    expect(state).toContain("is not this machine's own page");
    const pushed = await page.evaluate(
      async (content) =>
        await fetch('/api/push', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: content,
        }).then((answer) => answer.status),
      body,
    );
    expect(pushed).toBe(403);
    expect(on.pushes).toEqual([]);
  });
});
