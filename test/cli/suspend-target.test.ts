import { expect, it } from 'vitest';
import { imageOf } from '../../lib/cli/suspend-target.ts';

it('takes a bare name for an image, and not what stands for all', () => {
  expect(imageOf('image/web')).toBe('web');
  expect(() => imageOf('web')).toThrow('"web" is no image/NAME: did you mean image/web?');
  for (const text of ['all', 'all-images', 'sync/shop'])
    expect(() => imageOf(text)).toThrow(`"${text}" is no image/NAME, and only images are held, one by one`);
});
