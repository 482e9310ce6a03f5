import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { windlass } from '../helpers/io.ts';

let root: string;
let dir: string;

const web = 'kind: Deployment\r\nspec:\r\n  image: "acme/web:1.4.0"   # {"$imagepolicy": "web"}\r\n';
const kustomization = 'images:\n- name: web\n  newTag: 1.4.0 # {"$imagepolicy": "shop:web:tag"}';

function put(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
}

const read = (path: string) => readFileSync(join(dir, path), 'utf8');
const run = (args: string[], stdin?: string) => windlass(['bump', ...args], { cwd: root, stdin, env: {} });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'windlass-bump-'));
  dir = join(root, 'repo');
  put('apps/web.yaml', web);
  put('apps/kustomization.yml', kustomization);
  put('apps/broken.yaml', 'a: [\nb: c # {"$imagepolicy": "web"}\n');
  put('apps/other.yaml', 'a: b\n');
  put('apps/unknown.yaml', 'a: x # {"$imagepolicy": "wbe"}\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const changes = [
  { file: 'apps/kustomization.yml', line: 3, policy: 'shop:web', from: '1.4.0', to: '2.0.0' },
  { file: 'apps/web.yaml', line: 3, policy: 'web', from: 'acme/web:1.4.0', to: 'acme/web:1.5.0' },
];
const both = ['--dir', 'repo', '--set', 'web=acme/web:1.5.0', '--set', 'shop:web=acme/shop:2.0.0'];

describe('windlass bump', () => {
  it('shows the changes and every skipped marker, writes nothing, and returns 1', async () => {
    const { code, stdout } = await run([...both, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      changes,
      skipped: [
        { file: 'apps/broken.yaml', line: 2, reason: expect.stringContaining('the file does not parse') },
        { file: 'apps/unknown.yaml', line: 1, reason: 'no image was given for the policy "wbe", did you mean "web"?' },
      ],
    });
    expect(read('apps/web.yaml')).toBe(web);
  });

  it('edits in place with --write, byte by byte but for the values, and then finds nothing more', async () => {
    chmodSync(join(dir, 'apps/web.yaml'), 0o750);
    const { code, stdout } = await run([...both, '--write']);
    expect(code).toBe(0);
    expect(stdout).toContain('apps/web.yaml:3 web: acme/web:1.4.0 -> acme/web:1.5.0');
    expect(stdout).toContain('2 changes in 2 files, written; 2 markers skipped');
    expect(read('apps/web.yaml')).toBe(web.replace('web:1.4.0', 'web:1.5.0'));
    expect(read('apps/kustomization.yml')).toBe(kustomization.replace('1.4.0', '2.0.0'));
    expect(statSync(join(dir, 'apps/web.yaml')).mode & 0o777).toBe(0o750);
    expect(readdirSync(join(dir, 'apps')).filter((name) => name.includes('windlass'))).toEqual([]);
    const again = await run([...both, '--json']);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout).changes).toEqual([]);
  });

  it('takes the images from a JSON file or standard input, and --set goes before them', async () => {
    const latest = JSON.stringify({ web: 'acme/web:1.0.0', 'shop:web': 'acme/shop:2.0.0' });
    writeFileSync(join(root, 'latest.json'), latest);
    const fromFile = await run(['--dir', 'repo', '--latest', 'latest.json', '--set', 'web=acme/web:1.5.0', '--json']);
    expect(JSON.parse(fromFile.stdout).changes).toEqual(changes);
    const fromInput = await run(['--dir', dir, '--latest', '-', '--json'], latest);
    expect(JSON.parse(fromInput.stdout).changes).toHaveLength(2);
  });

  it('leaves .git and node_modules alone, and follows no link', async () => {
    const marked = 'image: x:1 # {"$imagepolicy": "web"}\n';
    put('.git/a.yaml', marked);
    put('sub/node_modules/a.yaml', marked);
    mkdirSync(join(root, 'outside'));
    writeFileSync(join(root, 'outside', 'a.yaml'), marked);
    symlinkSync(join(root, 'outside'), join(dir, 'linked'));
    symlinkSync(join(root, 'outside', 'a.yaml'), join(dir, 'linked.yaml'));
    symlinkSync(join(root, 'nowhere'), join(dir, 'dangling.yaml'));
    const { stdout } = await run([...both, '--write', '--json']);
    expect(JSON.parse(stdout).changes).toEqual(changes);
    for (const path of ['repo/.git/a.yaml', 'repo/sub/node_modules/a.yaml', 'outside/a.yaml']) {
      expect(readFileSync(join(root, path), 'utf8')).toBe(marked);
    }
  });

  it('goes through other hidden directories, and a directory that is itself a link', async () => {
    put('.github/a.yaml', 'image: x:1 # {"$imagepolicy": "web"}\n');
    symlinkSync(dir, join(root, 'link'));
    const { stdout } = await run(['--dir', 'link', '--set', 'web=acme/web:1.5.0', '--json']);
    expect(JSON.parse(stdout).changes.map(({ file }: { file: string }) => file)).toEqual([
      '.github/a.yaml',
      'apps/web.yaml',
    ]);
  });

  it('tells of the markers of other policies in one line, and as JSON of each', async () => {
    put('apps/more.yaml', 'a: x:1 # {"$imagepolicy": "api"}\nb: x:1 # {"$imagepolicy": "worker:tag"}\n');
    const only = ['--dir', 'repo', '--set', 'web=acme/web:1.5.0'];
    const { stdout } = await run(only);
    expect(stdout).toContain('3 markers of other policies (api, shop:web, worker) left alone\n');
    expect(stdout).toContain('did you mean "web"?');
    expect(stdout).toMatch(/not written \(--write does it\); 2 markers skipped\n$/);
    const reasons = JSON.parse((await run([...only, '--json'])).stdout).skipped.map(
      ({ reason }: { reason: string }) => reason,
    );
    expect(reasons).toContain('no image was given for the policy "api"');
    expect(reasons).toHaveLength(5);
  });

  it('tells of a misspelled part with its file and line', async () => {
    put('apps/more.yaml', 'a: x # {"$imagepolicy": "web:nmae"}\n');
    const { stdout } = await run(['--dir', 'repo', '--set', 'web=acme/web:1.5.0']);
    expect(stdout).toContain('apps/more.yaml:1 skipped: no image was given for the policy "web:nmae"');
    expect(stdout).not.toContain('web:nmae) left alone');
  });

  it('writes nothing when --set names a policy that no marker names; --latest may name more', async () => {
    const slip = await run(['--dir', 'repo', '--set', 'web=acme/web:1.5.0', '--set', 'shop:wbe=a/b:1', '--write']);
    expect([slip.code, slip.stderr]).toEqual([
      2,
      'error: no marker names the policy "shop:wbe", did you mean "shop:web"?\n',
    ]);
    expect(read('apps/web.yaml')).toBe(web);
    const far = await run(['--dir', 'repo', '--set', 'nothing=a/b:1']);
    expect([far.code, far.stderr]).toEqual([
      2,
      'error: no marker names the policy "nothing": there is shop:web, wbe, web\n',
    ]);
    expect((await run(['--dir', 'repo', '--latest', '-'], '{ "nothing": "a/b:1" }')).code).toBe(0);
  });

  it('accepts --set for a policy whose marker is right already, or cannot be read', async () => {
    expect((await run(['--dir', 'repo', '--set', 'web=acme/web:1.4.0'])).code).toBe(0);
    put('apps/broken.yaml', 'a: [\nb: c # {"$imagepolicy": "lonely"}\n');
    const { code, stdout } = await run(['--dir', 'repo', '--set', 'lonely=a/b:1']);
    expect([code, stdout]).toEqual([0, expect.stringContaining('the file does not parse')]);
  });

  it.each([
    ['no image', ['--dir', 'repo'], 'needs --latest FILE or --set NAME=REF'],
    ['no directory', ['--set', 'web=a:1'], '--dir'],
    ['a directory that is not there', ['--dir', 'none', '--set', 'web=a:1'], `there is no directory /`],
    ['a file as the directory', ['--dir', 'repo/apps/web.yaml', '--set', 'web=a:1'], 'is no directory'],
    [
      'two images for one policy',
      ['--dir', 'repo', '--set', 'web=a/b:1', '--set', 'web=a/b:2'],
      '--set gives "web" two images: name one',
    ],
    ['an image without a tag', ['--dir', 'repo', '--set', 'web=acme/web'], 'is no repo:tag[@digest]'],
    ['a name that ends like a part', ['--dir', 'repo', '--set', 'web:tag=a:1'], 'cannot name a policy'],
    ['JSON that is none', ['--dir', 'repo', '--latest', '-'], 'is no valid JSON'],
  ])('returns 2 for %s, without a stack', async (_name, args, message) => {
    const { code, stdout, stderr } = await run(args, '{');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});
