import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { describe, onTestFinished } from 'vitest';
import { waitMs } from './patience.ts';

const artifacts = fileURLToPath(new URL('../../artifacts/', import.meta.url));
const names = ['chromium', 'chromium-browser', 'google-chrome'];
const macApps = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
// Root, as in many containers, cannot have Chromium's sandbox; the rest keeps it from talking to anybody.
const quiet = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const found = await findChromium();

/** Like `describe`, for tests that need Chromium. Where there is none they are skipped by name; with WINDLASS_TEST_STRICT=1 they fail. */
export function describeWithBrowser(
  name: string,
  suite: () => void,
  describeIt: typeof describeNormally = describeNormally,
): void {
  if (found === undefined && process.env['WINDLASS_TEST_STRICT'] !== '1') {
    describe.skip(`${name} (skipped: there is no Chromium: install it, or set CHROMIUM_PATH)`, suite);
  } else describeIt(name, suite);
}

function describeNormally(name: string, suite: () => void): void {
  describe(name, suite);
}

/** Starts Chromium; the caller closes it. Throws where there is none. */
export async function launchChromium(args: string[] = []): Promise<Browser> {
  if (found === undefined) throw new Error('there is no Chromium: install it, or set CHROMIUM_PATH');
  return await chromium.launch({ executablePath: found, args: [...quiet, ...args] });
}

/** A page in a context of its own, and everything that it complained about or asked for. Closed after the test. */
export interface Watched {
  page: Page;
  /** Console errors and warnings, uncaught errors, broken content security policies, dialogs. */
  complaints: string[];
  /** The address of each request. */
  requests: string[];
}

/** Opens a page that is watched from before its first script. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(waitMs);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`uncaught: ${error.message}`));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => requests.push(request.url()));
  await page.addInitScript(`
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI));
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
  `);
  await page.goto(url);
  return { page, complaints, requests };
}

/** Keeps a picture of the whole page in `artifacts/`. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  await mkdir(artifacts, { recursive: true });
  await page.screenshot({ path: join(artifacts, `${name}.png`), fullPage: true });
}

async function findChromium(): Promise<string | undefined> {
  const asked = process.env['CHROMIUM_PATH'];
  if (asked !== undefined && asked !== '') return asked;
  const onPath = (process.env['PATH'] ?? '').split(delimiter).flatMap((dir) => names.map((name) => join(dir, name)));
  for (const path of [...onPath, ...macApps]) {
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}
