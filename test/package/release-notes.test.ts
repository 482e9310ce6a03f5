import { describe, expect, it } from 'vitest';
import { releaseNotes } from '../../package/release-notes.ts';

const changelog = `# Changelog

## [Unreleased]

- not yet

## [1.3.0] - 2027-01-02

### Added

- A thing, with a [link](https://example.com).

## [1.2.0] - 2026-12-01

- Another.

## [1.1.0] - 2026-11-01

[1.3.0]: https://example.com/compare/v1.2.0...v1.3.0
`;

describe('the notes of a release', () => {
  it('are the section of its version, and no other', () =>
    expect(releaseNotes(changelog, '1.3.0', 'v1.3.0')).toBe(
      '### Added\n\n- A thing, with a [link](https://example.com).\n',
    ));

  it.each([
    ['1.2.0', 'v1.3.0', 'the tag v1.3.0 is not that of the version in package.json: v1.2.0'],
    ['1.2', 'v1.2', 'CHANGELOG.md has no section "## [1.2]"'],
    ['1.1.0', 'v1.1.0', 'CHANGELOG.md says nothing of 1.1.0'],
  ])('are refused for version %s at tag %s', (version, tag, message) =>
    expect(() => releaseNotes(changelog, version, tag)).toThrow(message),
  );
});
