import { describe, expect, it } from 'vitest';
import { formatImageRef, parseImageRef, shortImageRef } from '../../lib/model/image-ref.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('an image reference', () => {
  it.each([
    ['nginx', { repository: 'nginx' }],
    ['nginx:1.27', { repository: 'nginx', tag: '1.27' }],
    ['localhost:5000/web', { repository: 'localhost:5000/web' }],
    ['localhost:5000/web:1.0', { repository: 'localhost:5000/web', tag: '1.0' }],
    [`ghcr.io/acme/web:1.0@${digest}`, { repository: 'ghcr.io/acme/web', tag: '1.0', digest }],
    [`ghcr.io/acme/web@${digest}`, { repository: 'ghcr.io/acme/web', digest }],
  ])('%s is read and written back', (text, ref) => {
    expect(parseImageRef(text)).toEqual(ref);
    expect(formatImageRef(ref)).toBe(text);
  });

  it.each([
    ['nginx:1.27', 'nginx:1.27'],
    ['acme/web:1.0', 'acme/web:1.0'],
    ['localhost/web:1.0', 'web:1.0'],
    ['123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1.0', 'shop/web:1.0'],
    [`localhost:5000/web:1.0@${digest}`, 'web:1.0@sha256:aaaaaaaaaaaa'],
    ['no reference', 'no reference'],
  ])('%s is %s for people', (text, short) => {
    expect(shortImageRef(text)).toBe(short);
  });

  it.each([
    '',
    ':1.0',
    'web:',
    'web:-1',
    'web@sha256',
    'web@sha256:12',
    'web:1.0\nevil',
    'we b:1',
    `web:${'a'.repeat(129)}`,
  ])('refuses %o', (text) => {
    expect(parseImageRef(text)).toBeUndefined();
  });
});
