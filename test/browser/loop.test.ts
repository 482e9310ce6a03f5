import { expect, it, onTestFinished } from 'vitest';
import { describeWithBrowser, keepScreenshot, launchChromium, openPage } from '../helpers/browser.ts';
import { describeLoop, makeDir, removeDir, startLoop } from '../helpers/loop.ts';

describeWithBrowser(
  'the page of a running loop',
  () => {
    it('pushes an image by its button, and shows the commit, the roll-out and the records', async () => {
      const dir = await makeDir();
      onTestFinished(() => removeDir(dir));
      const loop = await startLoop({ dir });
      const browser = await launchChromium();
      onTestFinished(() => browser.close());
      const { page, complaints } = await openPage(browser, loop.url);
      const headline = () => page.locator('#headline').innerText();
      const inSection = (name: string) => page.getByRole('region', { name }).innerText();
      await expect.poll(headline).toBe('All is well');

      await page.getByRole('textbox', { name: 'Tag of shop/web' }).fill('1.5.0');
      await page.getByRole('button', { name: 'Push shop/web' }).click();
      await expect.poll(() => inSection('Last commits')).toContain('Bump web to 1.5.0 and web-prod to 1.5.0');
      await expect.poll(() => inSection('Images')).toContain('1.5.0');
      await expect
        .poll(() => inSection('What runs where'))
        .toMatch(/shop-prod\s+healthy[\s\S]*Bump web to 1\.5\.0 and web-prod to 1\.5\.0/);
      await expect.poll(headline).toBe('All is well');
      const timeline = await inSection('Audit timeline');
      for (const text of ['shop/web:1.5.0 was pushed', 'web went from 1.4.2 to 1.5.0', 'shop-prod healthy'])
        expect(timeline).toContain(text);
      expect(await loop.kubectl('-n', 'shop-prod', 'get', 'deployment/web', '-o', 'jsonpath={..image}')).toContain(
        'shop/web:1.5.0',
      );
      await keepScreenshot(page, 'page-loop');
      expect(complaints).toEqual([]);

      await loop.stop();
      await expect.poll(() => page.locator('#live').innerText()).toBe('not connected');
    });
  },
  describeLoop,
);
