import type { Page } from 'playwright-core';

/** Texts whose contrast is under WCAG's AA (4.5, or 3 for large text), as `ratio text`. */
export async function lowContrast(page: Page): Promise<string[]> {
  return await page.evaluate<string[]>(`(() => {
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = (colour) => {
      const [r, g, b] = channels(colour).slice(0, 3).map((value) => {
        const share = value / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if ((channels(colour)[3] ?? 1) === 1) return colour;
      }
      return 'rgb(255, 255, 255)';
    };
    const low = new Set();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      const element = node.parentElement;
      if (node.nodeValue.trim() === '' || element.closest('noscript') || !element.checkVisibility()) continue;
      const style = getComputedStyle(element);
      const [dark, light] = [luminance(style.color), luminance(ground(element))].sort((a, b) => a - b);
      const ratio = (light + 0.05) / (dark + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) low.add(ratio.toFixed(2) + ' ' + node.nodeValue.trim().slice(0, 60));
    }
    return [...low];
  })()`);
}

/** What reaches over the right edge of the page, as `tag.class`; a list that scrolls by itself may hold more than it shows. */
export async function overflowing(page: Page): Promise<string[]> {
  return await page.evaluate<string[]>(`(() => {
    const edge = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= edge) return [];
    const over = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > edge + 1);
    return over.map((element) => element.tagName + '.' + element.className);
  })()`);
}
