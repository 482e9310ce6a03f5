import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DashboardState } from '../../lib/dashboard/ports.ts';
import { driftIncident, drifting, healthy, justStarted, noDelivery, watched } from '../dashboard/states.ts';
import { describeWithBrowser, keepScreenshot, launchChromium, openPage } from '../helpers/browser.ts';
import { lowContrast, overflowing } from './looks.ts';
import { type Stage, type StageOptions, stage } from './stage.ts';

const web = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web';

let browser: Browser;

/** The page over a state, drawn. */
async function show(state: DashboardState, options: Parameters<typeof openPage>[2] & StageOptions = {}) {
  const { pushes, elsewhere, ...context } = options;
  const on: Stage = await stage(state, { ...(pushes !== undefined && { pushes }), elsewhere });
  const watched = await openPage(browser, on.url, context);
  await watched.page.locator('body[aria-busy="false"]').waitFor();
  return { ...watched, on };
}

const section = (page: Page, name: string) => page.getByRole('region', { name });
const says = (page: Page, id: string) => expect.poll(() => page.locator(`#${id}`).innerText());
const tagField = (page: Page) => page.getByRole('textbox', { name: 'Tag of shop/web' });

describeWithBrowser('the page in Chromium', () => {
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('shows that all is well, what runs where, the images, the commits and the timeline', async () => {
    const { page, complaints } = await show(healthy(new Date()));
    await says(page, 'headline').toBe('All is well');
    expect(await page.locator('#facts').innerText()).toContain('50 of 50 objects healthy');
    const syncs = await section(page, 'What runs where').innerText();
    for (const text of ['shop-staging', 'staging, cluster main', '3e099a88', 'healthy', 'no drift'])
      expect(syncs).toContain(text);
    const images = await section(page, 'Images').innerText();
    for (const text of ['shop/web', 'web-prod', 'semver >=1.4.0 <2.0.0', '1.5.0', 'up to date'])
      expect(images).toContain(text);
    const commits = section(page, 'Last commits');
    expect(await commits.innerText()).toContain('1.4.2 → 1.5.0');
    await commits.getByText('8 trailers').click();
    expect(await commits.innerText()).toContain('Windlass-Policy: web-prod');
    // 22 objects of one pull are one entry.
    expect(await page.locator('#timeline > li').count()).toBe(3);
    await keepScreenshot(page, 'page-healthy');
    expect(complaints).toEqual([]);
  });

  it('says which cluster and repository it is about, and that nothing is bumped there', async () => {
    const state = healthy(new Date());
    const { page, on } = await show(state, { pushes: false });
    expect(await page.locator('footer').innerText()).toContain('simulated by kwok');
    on.change((now) => {
      now.cluster.existing = { context: 'kind-dev', name: 'main' };
      now.repo = { ...now.repo, url: 'https://git.example.com/acme/config', readOnly: true };
    });
    await says(page, 'where').toContain('on kind-dev');
    const footer = await page.locator('footer').innerText();
    for (const text of [
      '--context kind-dev',
      'main of windlass.yaml',
      'https://git.example.com/acme/config (only read',
    ])
      expect(footer).toContain(text);
    expect(footer).not.toContain('simulated by kwok');
  });

  it('shows an open incident with its field, what Git and the cluster say, and who changed it', async () => {
    const { page, complaints } = await show(drifting(new Date()));
    await says(page, 'headline').toBe('1 open incident');
    const incidents = await section(page, 'Incidents').innerText();
    for (const text of [
      'apps/Deployment/shop-staging/web was changed by kubectl-set',
      'spec.template.spec.containers[name=web].image',
      `${web}:1.5.0`,
      'example.com/mine:1',
      'kubectl-set, Update',
    ])
      expect(incidents).toContain(text);
    expect(incidents).toMatch(/Changed by\s+kubectl-set, Update, \d+ s ago/);
    expect(await page.title()).toBe('(1) Windlass');
    await keepScreenshot(page, 'page-drift');
    expect(complaints).toEqual([]);
  });

  it('shows what nobody declared, what others added, what is ignored, who watches the watchers, and the person', async () => {
    const { page, complaints } = await show(watched(new Date()));
    const incidents = await section(page, 'Incidents').innerText();
    for (const text of [
      'nobody declared it',
      'behind Git',
      'puller silent',
      'not checked',
      'stopped for long',
      'cluster main',
      'arn:aws:sts::123456789012:assumed-role/admin/ada (patch), kubectl/v1.35.4, from 192.0.2.7',
      'first seen 5 min ago',
      'delete holds/web.1.yaml when it is no longer needed',
    ])
      expect(incidents).toContain(text);
    const syncs = section(page, 'What runs where');
    for (const text of [
      'compared with Git: no pull recorded here what it applied',
      '2 drifted (1 of them nobody declared)',
      'seen behind Git 1 h ago',
    ])
      expect(await syncs.innerText()).toContain(text);
    await syncs.getByText('1 object with additions of others, which is no drift').click();
    await syncs.getByText('3 objects with ignored drift, 1 rule with nothing to do').click();
    for (const text of ['Service/shop-staging/web by mesh-agent', 'of 3 objects', 'nothing to do since 2 h ago'])
      expect(await syncs.innerText()).toContain(text);
    expect(complaints).toEqual([]);
  });

  it('shows how fast drift was found and put right, and of how many incidents that is', async () => {
    const { page, on } = await show(watched(new Date()));
    const figures = section(page, 'Drift, found and put right');
    const [all, infra, staging] = await figures.getByRole('listitem').allInnerTexts();
    for (const text of [
      'all syncs',
      '40 s mean of 3; half within 20 s, 95 % within 1.5 min',
      '3.8 min mean of 4',
      '5 (1 open, 2 made',
    ])
      expect(all).toContain(text);
    expect(infra).toContain('nobody knows when it was made');
    expect(infra).toContain('10 min the one time');
    expect(staging).toContain('45 s mean of 3');
    expect(await figures.innerText()).toContain('of 5 incidents in the last 30 days');
    on.change((state) => {
      state.metrics!.drift = { ...state.metrics!.drift!, overall: { incidents: 0, open: 0, notTimed: 0 }, syncs: {} };
    });
    await expect.poll(() => figures.innerText()).toContain('No drift was told in the last 30 days.');
    on.change((state) => {
      delete state.metrics;
    });
    await expect.poll(() => figures.count()).toBe(0);
  });

  it('shows how changes were delivered, with a mark for each day', async () => {
    const { page, on } = await show(watched(new Date()));
    const figures = section(page, 'Deployments');
    const [all, infra, staging] = await figures.getByRole('listitem').allInnerTexts();
    for (const text of ['all syncs', '1.6 min mean of 40; half within 1.3 min', '5 min the one time', '42 2 failed'])
      expect(all).toContain(text);
    expect(all).toMatch(/▁▃▆█▁▃/);
    for (const text of ['no push of them is known', 'nothing was to restore', '2 none failed'])
      expect(infra).toContain(text);
    expect(staging).toContain('shop-staging');
    expect(await figures.innerText()).toContain('of 44 roll-outs in the last 30 days; each mark is a day');
    on.change((state) => {
      state.metrics!.delivery = noDelivery;
    });
    await expect.poll(() => figures.innerText()).toContain('Nothing was deployed in the last 30 days.');
    on.change((state) => {
      delete state.metrics;
    });
    await expect.poll(() => figures.count()).toBe(0);
  });

  it('shows holds, errors, unhealthy objects and a broken windlass.yaml with the reason', async () => {
    const state = healthy(new Date());
    state.repo.problem =
      'windlass.yaml at the head is broken\nwindlass.yaml:42:1: unknown key "sinks"\n  | sinks:\n  | ^';
    state.images[0]!.holds = [{ tag: '2.3.0', past: '2.4.0', who: 'Ada', why: 'slow checkout', until: '2027-01-15' }];
    state.syncs[1]!.result = 'unhealthy';
    state.syncs[1]!.health[0] = {
      object: 'apps/Deployment/shop-staging/web',
      status: 'Failed',
      reason: 'CrashLoopBackOff',
    };
    state.syncs[2]!.result = 'failed';
    state.syncs[2]!.errors = [
      { code: 'yaml-syntax', message: 'a tab indents', file: 'apps/web.yaml', line: 3, column: 1 },
    ];
    state.syncs[2]!.unknown = [{ object: 'apps/Deployment', reason: 'it may not be listed' }];
    const { page, complaints } = await show(state);
    await says(page, 'headline').toBe('Git’s head is not in use, shop-prod failed, shop-staging unhealthy');
    expect(await page.getByRole('alert').innerText()).toContain('unknown key "sinks"');
    const text = await page.locator('main').innerText();
    for (const expected of [
      'not bumped: windlass.yaml is broken, or Git cannot be read',
      'Ada keeps 2.3.0 until a tag after 2.4.0 is there, or 2027-01-15 has passed: slow checkout',
      'apps/Deployment/shop-staging/web: CrashLoopBackOff',
      'apps/web.yaml:3:1: a tab indents',
      '1 could not be checked: apps/Deployment, it may not be listed',
    ])
      expect(text).toContain(expected);
    await keepScreenshot(page, 'page-troubles');
    expect(complaints).toEqual([]);
  });

  it('says at a start that nothing has happened yet', async () => {
    const { page, complaints } = await show(justStarted(new Date()));
    await says(page, 'headline').toBe('No sync has been pulled yet');
    expect(await section(page, 'Audit timeline').innerText()).toContain('Nothing has happened yet.');
    await keepScreenshot(page, 'page-start');
    expect(complaints).toEqual([]);
  });

  it('shows a change without a reload', async () => {
    const { page, on, complaints, requests } = await show(healthy(new Date()));
    const loaded = requests.length;
    on.change((state) => state.incidents.push(driftIncident(new Date())));
    await says(page, 'headline').toBe('1 open incident');
    on.change((state) => {
      const now = new Date().toISOString();
      state.incidents[0] = { ...state.incidents[0]!, resolvedAt: now, resolution: 'converged by pull' };
    });
    await says(page, 'headline').toBe('All is well');
    await page.getByText('1 resolved lately').click();
    expect(await section(page, 'Incidents').innerText()).toContain('converged by pull');
    expect(requests.length).toBe(loaded);
    expect(complaints).toEqual([]);
  });

  it('keeps typing, focus, caret, open details and elements through a live update', async () => {
    const { page, on } = await show(healthy(new Date()));
    await section(page, 'What runs where').getByText('22 objects of shop-prod').click();
    await tagField(page).fill('9.9.9');
    await tagField(page).press('ArrowLeft');
    const held = await tagField(page).elementHandle();
    on.change((state) => {
      const image = state.images.find(({ policy }) => policy === 'web')!;
      image.current = ['1.6.0'];
      image.newest = '1.7.0';
      state.images.unshift({ ...image, policy: 'another', repository: 'registry.example/first' });
      state.syncs[2]!.health[3]!.status = 'InProgress';
      state.timeline.splice(0, 1);
    });
    await expect.poll(() => section(page, 'Images').innerText()).toContain('bump due');
    await page.keyboard.type('8');
    expect(await tagField(page).inputValue()).toBe('9.9.89');
    expect(await held!.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    expect(await page.locator('#syncs details').nth(2).getAttribute('open')).toBe('');
  });

  it('pushes what was typed, and says what came of it', async () => {
    const { page, on, complaints } = await show(healthy(new Date()));
    expect(await tagField(page).inputValue()).toBe('1.5.1');
    await tagField(page).fill('1.6.0');
    await page.getByRole('button', { name: 'Push shop/web' }).click();
    const form = page.locator(`form[data-repository="${web}"]`);
    await expect.poll(() => form.innerText()).toContain('Pushed 1.6.0: it is on its way.');
    expect(on.pushes).toEqual([`${web}:1.6.0`]);
    on.change((state) => {
      for (const image of state.images)
        if (image.repository === web) Object.assign(image, { current: ['1.6.0'], newest: '1.6.0' });
    });
    await expect.poll(() => tagField(page).inputValue()).toBe('1.6.1');
    expect(complaints).toEqual([]);
  });

  it('says why a push was refused, and keeps what was typed', async () => {
    const { page, on } = await show(healthy(new Date()));
    await tagField(page).fill('refused');
    await tagField(page).press('Enter');
    const status = page.locator(`form[data-repository="${web}"] [role=status]`);
    await expect.poll(() => status.innerText()).toBe('Not pushed: "refused" is not a tag that can be pushed');
    expect(await tagField(page).inputValue()).toBe('refused');
    await on.stop();
    await page.locator('#lost').waitFor();
    await tagField(page).press('Enter');
    await expect.poll(() => status.innerText()).toBe('Not pushed: the loop does not answer.');
  });

  it('offers no push where real pushes are the only ones', async () => {
    const { page } = await show(healthy(new Date()), { pushes: false });
    expect(await section(page, 'Images').getByRole('button').count()).toBe(0);
  });

  it('offers no push to a repository in a registry of its own', async () => {
    const state = healthy(new Date());
    const repositories = [...new Set(state.images.map(({ repository }) => repository))];
    const { page } = await show(state, { elsewhere: repositories.slice(0, 1) });
    const forms = () => section(page, 'Images').locator('form').count();
    await expect.poll(forms).toBe(repositories.length - 1);
    expect(await page.locator('#images > article').count()).toBe(repositories.length);
  });

  it('finds records by text and by kind', async () => {
    const { page, complaints } = await show(healthy(new Date()));
    const timeline = section(page, 'Audit timeline');
    await timeline.getByRole('combobox').selectOption('Pushes and bumps');
    await expect.poll(() => page.locator('#timeline > li').count()).toBe(1);
    await timeline.getByRole('combobox').selectOption('Everything');
    await timeline.getByRole('searchbox').fill('part-7 created');
    await expect
      .poll(() => page.locator('#timeline').innerText())
      .toContain('ConfigMap/shop-prod/part-7 created: not there yet');
    expect(await page.locator('#timeline').innerText()).not.toContain('part-8');
    expect(await page.locator('#filter-count').innerText()).toBe('1 of 3');
    await timeline.getByRole('searchbox').fill('no such thing');
    await expect.poll(() => page.locator('#timeline').innerText()).toContain('No record fits the filter.');
    expect(complaints).toEqual([]);
  });

  it('shows old records only when asked', async () => {
    const state = healthy(new Date());
    const bump = state.timeline.find(({ kind }) => kind === 'bumped')!;
    state.timeline = Array.from({ length: 40 }, (_, index) => ({
      ...bump,
      id: `b${index}`,
      subjects: [`event:${index}`],
    }));
    const { page } = await show(state);
    expect(await page.locator('#timeline > li').count()).toBe(15);
    await page.getByRole('button', { name: 'Show 25 older' }).click();
    await expect.poll(() => page.locator('#timeline > li').count()).toBe(40);
  });

  it.each([
    ['an image with a handler', '<img src=x onerror="alert(1)">'],
    ['a tag that closes an attribute', '"><script>alert(1)</script>'],
    ['a closing title and a frame', '</title></script><iframe src="https://evil.example/"></iframe>'],
    ['a link to a script', 'javascript:alert(1) {{7*7}} <a href=javascript:alert(1)>'],
    ['direction and control characters', 'a\u202egnp.exe\u2066\u0000\u0007\u001b[31m\u200b\u2028b'],
    ['5,000 characters without a space', 'x'.repeat(5_000)],
    ['half a character', '\ud83d'],
  ])('draws %s as text everywhere', async (_, evil) => {
    for (const width of [1280, 390]) {
      const { page, complaints, requests, on } = await show(hostile(evil), { viewport: { width, height: 900 } });
      expect(await page.locator('main :is(script, iframe, img, link, style, object, a)').count()).toBe(0);
      expect(await page.locator('main [onerror], main [style], main [src], main [href]').count()).toBe(0);
      expect(await overflowing(page)).toEqual([]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
      expect(await page.locator('main').innerText()).not.toMatch(/[\u0000-\u0008\u001b\u202e\u2066\u200b\u2028]/);
      if (evil.includes('\u202e')) expect(await page.locator('main').innerText()).toContain('a\\u202egnp.exe');
      if (evil.startsWith('<img')) expect(await section(page, 'Last commits').innerText()).toContain(evil);
      expect(requests.filter((url) => !url.startsWith(on.url))).toEqual([]);
      expect(complaints).toEqual([]);
    }
  });

  it.each(['light', 'dark'] as const)(
    'can be read in the %s scheme (AA), wide and narrow, without sideways scrolling',
    async (scheme) => {
      const at = new Date();
      for (const state of [healthy(at), drifting(at), troubled(at), justStarted(at), watched(at)]) {
        for (const width of [1280, 390, 320]) {
          const { page } = await show(state, { colorScheme: scheme, viewport: { width, height: 900 } });
          for (const summary of await page.locator('summary').all()) await summary.click();
          expect(await lowContrast(page)).toEqual([]);
          expect(await overflowing(page)).toEqual([]);
          if (state.incidents.length > 0) await keepScreenshot(page, `page-drift-${scheme}-${width}`);
          if (state.metrics !== undefined) await keepScreenshot(page, `page-watched-${scheme}-${width}`);
        }
      }
    },
  );

  it('does not move when it is drawn, nor when times go by', async () => {
    const { page } = await show(healthy(new Date()));
    const checked = page.locator('#facts time');
    const before = await checked.innerText();
    await expect.poll(() => checked.innerText()).not.toBe(before);
    expect(await page.evaluate('window.shifted')).toBeLessThan(0.02);
  });

  it('can be used by keyboard alone', async () => {
    const { page, on } = await show(healthy(new Date()));
    const reached: string[] = [];
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    for (let presses = 0; presses < 40 && reached.at(-1) !== 'Push shop/web'; presses++) {
      await page.keyboard.press('Tab');
      reached.push(await focused(page));
    }
    expect(reached.slice(0, 4)).toEqual([
      '6 objects of infra',
      '22 objects of shop-staging',
      '22 objects of shop-prod',
      'tag',
    ]);
    await page.keyboard.press('Enter');
    await expect.poll(() => on.pushes).toEqual([`${web}:1.5.1`]);
    // The button was not replaced under the finger.
    expect(await focused(page)).toBe('Push shop/web');
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).toBe('solid');
  });

  it('has landmarks, one heading of the first level, headings without gaps, and a name for each control', async () => {
    const { page } = await show(drifting(new Date()));
    for (const role of ['banner', 'main', 'contentinfo', 'search'] as const)
      expect(await page.getByRole(role).count()).toBe(1);
    const levels = await page.evaluate<number[]>(
      '[...document.querySelectorAll("h1,h2,h3,h4")].map((h) => Number(h.tagName[1]))',
    );
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    expect(levels.every((level, index) => level <= (levels[index - 1] ?? 0) + 1)).toBe(true);
    const names = await page.evaluate<string[]>(
      '[...document.querySelectorAll("input,select,button")].map((e) => e.ariaLabel || e.labels[0]?.textContent || e.textContent)',
    );
    expect(names.every((name) => name.trim().length > 1)).toBe(true);
    expect(await page.locator('[aria-live]').count()).toBe(0);
    expect(await page.locator('#headline').getAttribute('role')).toBe('status');
  });

  it('says that the connection is lost, and shows the newest state when it is back', async () => {
    const { page, on } = await show(healthy(new Date()));
    await says(page, 'live').toBe('live');
    await on.stop();
    await says(page, 'live').toBe('not connected');
    expect(await page.getByRole('alert').innerText()).toContain('Not connected');
    on.change((state) => state.incidents.push(driftIncident(new Date())));
    await on.start();
    await says(page, 'live').toBe('live');
    await says(page, 'headline').toBe('1 open incident');
    expect(await page.locator('#lost').isVisible()).toBe(false);
  });
});

function focused(page: Page): Promise<string> {
  return page.evaluate<string>(
    '((e) => e.ariaLabel || e.getAttribute("name") || e.textContent)(document.activeElement)',
  );
}

/** A state with everything that can be wrong, of usual words. */
function troubled(now: Date): DashboardState {
  const state = hostile('checkout');
  return { ...state, at: now.toISOString() };
}

/** A state with this text wherever a person or a program may have written one. */
function hostile(text: string): DashboardState {
  const now = new Date();
  const state = drifting(now);
  const incident = state.incidents[0]!;
  state.repo = { ...state.repo, url: text, branch: text, problem: text };
  state.cluster.kubeconfig = text;
  state.commits[0] = {
    ...state.commits[0]!,
    subject: text,
    author: text,
    trailers: [
      [text, text],
      ['Windlass-Policy', text],
      ['Windlass-From', text],
      ['Windlass-To', text],
    ],
  };
  Object.assign(incident, { title: text, sync: text, details: [text], key: text });
  Object.assign(incident.drift!, {
    reason: text,
    fields: [{ path: text, git: text, live: { [text]: [text] }, manager: text, subresource: text, time: text }],
  });
  state.incidents.push({ ...incident, key: `${text}2`, resolvedAt: now.toISOString() });
  Object.assign(state.syncs[1]!, {
    sync: text,
    cluster: text,
    environment: text,
    errors: [{ code: 'x', message: text, file: text, object: text, hint: text }],
    unknown: [{ object: text, reason: text }],
    health: [{ object: text, status: 'Failed', reason: text }],
  });
  const hold = { tag: text, past: text, who: text, why: text, until: text };
  Object.assign(state.images[0]!, {
    policy: text,
    repository: text,
    rule: text,
    current: [text],
    newest: text,
    holds: [hold],
  });
  Object.assign(state.images[1]!, { waiting: text, current: [text, text] });
  for (const record of state.timeline.slice(0, 3))
    Object.assign(record, { summary: text, actor: text, subjects: [`sync:${text}`, ...record.subjects] });
  return state;
}
