import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unpackChart } from '../../../../lib/adapters/renderers/charts/unpack.ts';
import { chartArchive, entry, tarGz } from '../../../helpers/chart-archive.ts';

const unpacked = async (archive: Uint8Array) =>
  (await unpackChart(archive, 'web')).map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]);

describe('unpacking the archive of a chart', () => {
  it('gives its files without the top folder', async () => {
    const archive = await tarGz([
      { header: { name: 'web/', size: 0, type: 'directory' } },
      entry('web/Chart.yaml', 'name: web\n'),
      { header: { name: 'web/templates', size: 0, type: 'directory' } },
      entry(`web/templates/${'long/'.repeat(40)}a.yaml`, 'a: 1\n'),
      entry('web/empty', ''),
    ]);
    expect(await unpacked(archive)).toEqual([
      ['Chart.yaml', 'name: web\n'],
      [`templates/${'long/'.repeat(40)}a.yaml`, 'a: 1\n'],
      ['empty', ''],
    ]);
    expect(await unpacked(await tarGz([entry('./web/Chart.yaml', 'x')]))).toEqual([['Chart.yaml', 'x']]);
  });

  it.each([
    ['a path that leads out', [entry('web/../../etc/passwd', 'x')]],
    ['an absolute path', [entry('/etc/passwd', 'x')]],
    ['a path that turns', [entry('web/a/../b', 'x')]],
    ['a backslash', [entry('web\\..\\x', 'x')]],
    [
      'a directory that leads out',
      [entry('web/a', 'x'), { header: { name: '../up/', size: 0, type: 'directory' as const } }],
    ],
    ['a file without a folder', [entry('Chart.yaml', 'x')]],
    ['two top folders', [entry('web/a', 'x'), entry('api/a', 'x')]],
    ['one path twice', [entry('web/a', 'x'), entry('web/a', 'y')]],
    ['a symbolic link', [{ header: { name: 'web/a', size: 0, type: 'symlink' as const, linkname: '/etc/passwd' } }]],
    ['a hard link', [{ header: { name: 'web/a', size: 0, type: 'link' as const, linkname: '/etc/passwd' } }]],
    ['a device', [{ header: { name: 'web/a', size: 0, type: 'character-device' as const } }]],
    ['nothing', []],
  ])('refuses one with %s', async (_, entries) => {
    await expect(tarGz(entries).then((archive) => unpackChart(archive, 'web'))).rejects.toThrow(
      'the archive of the chart web is refused',
    );
  });

  it('refuses what is cut short, damaged, no archive, or far larger than it looks', async () => {
    const archive = await chartArchive({ 'Chart.yaml': 'x'.repeat(5000) });
    await expect(unpackChart(archive.slice(0, -20), 'web')).rejects.toThrow('no gzip archive, or damaged');
    await expect(unpackChart(new TextEncoder().encode('<html>'), 'web')).rejects.toThrow('no gzip archive');
    await expect(unpackChart(gzipSync('x'.repeat(2000)), 'web')).rejects.toThrow('is refused');
    await expect(unpackChart(gzipSync(Buffer.alloc(60_000_000)), 'web')).rejects.toThrow('more than 20 MB');
    await expect(unpackChart(await chartArchive({ big: 'x'.repeat(5_000_001) }), 'web')).rejects.toThrow(
      'more than 5 MB',
    );
  });
});
