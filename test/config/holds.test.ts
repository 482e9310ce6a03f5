import { describe, expect, it } from 'vitest';
import { holdPath, holdProblem, parseHold, readHolds } from '../../lib/config/holds.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import { formatProblem } from '../../lib/model/errors.ts';

const file = (path: string, text: string) => ({ path, bytes: new TextEncoder().encode(text) });
const hold = 'image: web\ntag: "1.4.2"\npast: "1.5.0"\nwho: ada\nwhy: it loses carts\n';

describe('holds', () => {
  it('are read with the id of their file', () => {
    const { holds, unreadable } = readHolds([
      file('holds/web.7f3a.yaml', `${hold}until: 2027-01-31\nat: 2027-01-10T09:30:00Z\n`),
      file('holds/shop.api.x-1.yaml', hold.replace('web', 'shop.api')),
      file('holds/README.md', 'what this is'),
      file('holds/.gitkeep', ''),
    ]);
    expect(unreadable).toEqual([]);
    expect(holds).toEqual([
      {
        id: '7f3a',
        image: 'web',
        tag: '1.4.2',
        past: '1.5.0',
        by: 'ada',
        why: 'it loses carts',
        until: '2027-01-31',
        at: '2027-01-10T09:30:00Z',
      },
      { id: 'x-1', image: 'shop.api', tag: '1.4.2', past: '1.5.0', by: 'ada', why: 'it loses carts' },
    ]);
  });

  it('that cannot be read stop the image that they are named for, or speak of, or everything', () => {
    const { holds, unreadable } = readHolds([
      file('holds/web.1.yaml', 'image: web\ntag: [\n'),
      file('holds/api.1.yaml', hold),
      file('holds/odd.yml', hold),
      file('holds/empty.1.yaml', ''),
    ]);
    expect(holds).toEqual([]);
    expect(unreadable.map(({ name }) => name)).toEqual(['web', 'api', 'web', undefined, 'empty']);
    expect(unreadable.every(({ problems }) => problems.length > 0)).toBe(true);
  });

  it('name every problem at once', () => {
    const text = 'image: web\ntag: 1.10\npsat: "1.5.0"\nwho: ""\nuntil: tomorrow\n';
    expect(parseHold(text, 'holds/web.1.yaml').problems.map(formatProblem).join('\n')).toMatchInlineSnapshot(`
      "holds/web.1.yaml:2:6: tag must be a text, not 1.1
        | tag: 1.10
        |      ^
        = put it in quotes
      holds/web.1.yaml:1:1: past is missing
        | image: web
        | ^
      holds/web.1.yaml:4:6: who must not be empty
        | who: ""
        |      ^
      holds/web.1.yaml:1:1: why is missing
        | image: web
        | ^
      holds/web.1.yaml:5:8: until must be a date like 2027-01-31 or a time like 2027-01-31T12:00:00Z
        | until: tomorrow
        |        ^
      holds/web.1.yaml:3:1: unknown key "psat"
        | psat: "1.5.0"
        | ^
        = did you mean "past"?"
    `);
  });
});

describe('a hold of a name with a colon', () => {
  const text = hold.replace('web', 'flux-system:web');

  it.each(['holds/flux-system%3Aweb.1.yaml', 'holds/flux-system:web.1.yaml'])(
    'is read from %s, and is there',
    (path) => {
      const { hold: read, problems } = parseHold(text, path);
      expect([problems, read?.image, read && holdPath(read)]).toEqual([[], 'flux-system:web', path]);
    },
  );

  it('has an escaped path unless its file says otherwise', () => {
    expect(holdPath({ image: 'flux-system:web', id: '1' })).toBe('holds/flux-system%3Aweb.1.yaml');
    expect(parseHold(text, 'holds/flux-system__web.1.yaml').problems).toHaveLength(1);
  });
});

describe('holds of a digest', () => {
  const one = `sha256:${'1'.repeat(64)}`;
  const two = `sha256:${'2'.repeat(64)}`;
  const { config } = readConfig(
    'windlass: 1\nimages:\n  web: { image: x/web, digest: latest }\n  api: { image: x/api, semver: "1" }\n',
  );
  const read = (image: string, tag: string, past: string) => {
    const text = `image: ${image}\ntag: "${tag}"\npast: "${past}"\nwho: ada\nwhy: x\n`;
    const { hold, problems } = parseHold(text, `holds/${image}.1.yaml`);
    return hold === undefined ? problems[0]?.message : holdProblem(hold, config!.images)?.message;
  };

  it('are by digest, with the tag or without, where the policy is', () => {
    expect(read('web', one, two)).toBeUndefined();
    expect(read('web', `latest@${one}`, two)).toBeUndefined();
    expect(read('api', '1.4.0', '1.5.0')).toBeUndefined();
    expect(read('gone', one, '1.5.0')).toBeUndefined();
  });

  it('are told from holds of a tag', () => {
    expect(read('web', '1.4.0', two)).toBe('web follows a digest, and tag of the hold is a tag');
    expect(read('web', '1.4.0', 'latest')).toBe('web follows a digest, and tag and past of the hold are a tag');
    expect(read('api', '1.4.0', `1.5.0@${two}`)).toBe('api chooses a tag, and past of the hold is a digest');
  });

  it.each(['sha256:12', `latest@${one}@${two}`, `@${one}`, `x/web:latest@${one}`, 'a b', 'latest@'])(
    'are not %j',
    (text) => {
      expect(read('web', text, two)).toBe('tag must be a tag, or a digest like sha256:...');
    },
  );
});
