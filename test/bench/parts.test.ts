import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { all, atMost, tableOfAims } from '../../bench/parts/aims.ts';
import { startProgram } from '../../bench/parts/calls.ts';
import { firstTag, makeConfigRepo } from '../../bench/parts/config-repo.ts';
import { fillIn, type Measurement } from '../../bench/parts/document.ts';
import { makeFiles } from '../../bench/parts/marked-files.ts';
import { median, percentile, seeded } from '../../bench/parts/numbers.ts';
import { generate } from '../../bench/parts/objects.ts';
import { asText, bytes, ratio, time } from '../../bench/parts/result.ts';
import { watchTraffic } from '../../bench/parts/traffic.ts';
import { serveWakeMessages } from '../../bench/parts/wake-messages.ts';
import { openWakeQueue } from '../../lib/adapters/aws/wake-queue.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';
import type { CalledMethods } from './called-program.ts';

const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);

function measured(quick: boolean): Measurement {
  return {
    command: 'npm run bench -- pull',
    quick,
    machine: {
      at: '2026-11-22T10:00:00.000Z',
      ...{ cores: 2, processor: 'a processor', memory: 8 * 1024 ** 3, system: 'Linux 6', node: 'v24.0.0' },
      ...{ kubernetes: '1.35.4', commit: 'abc', load: 0.5 },
    },
    loadAfter: 1,
    result: { tables: [{ title: 'T', columns: ['a', 'b'], rows: [['x | y', '1']] }], notes: ['a note'], raw: {} },
  };
}

describe('numbers', () => {
  it('gives the nearest rank as percentile', () => {
    expect([0, 0.5, 0.95, 1].map((share) => percentile(hundred, share))).toEqual([1, 50, 95, 100]);
    expect(median([3, 1, 2])).toBe(2);
    expect(() => median([])).toThrow('no samples');
  });

  it('gives the same numbers for the same seed', () => {
    const [one, two, other] = [seeded(1), seeded(1), seeded(2)];
    const first = [one(), one(), one()];
    expect([two(), two(), two()]).toEqual(first);
    expect(other()).not.toBe(first[0]);
    expect(first.every((number) => number >= 0 && number < 1)).toBe(true);
  });
});

describe('results', () => {
  it('writes times and ratios for people', () => {
    expect([0.5, 4.25, 850, 12_345].map(time)).toEqual(['0.50 ms', '4.3 ms', '850 ms', '12.35 s']);
    expect([850, 12_345, 4_000_000].map(bytes)).toEqual(['850 B', '12.3 kB', '4.0 MB']);
    expect([ratio(30, 10), ratio(5, 10), ratio(250, 10)]).toEqual(['3.0x', '0.5x', '25x']);
  });

  it('lays columns below each other', () => {
    expect(asText(measured(false).result)).toBe('T\n  a      b\n  x | y  1\n\n  - a note');
  });

  it('fills the place in the document and leaves the rest', () => {
    const filled = fillIn('before\n<!-- results -->\nold\n<!-- /results -->\nafter\n', { pull: measured(false) }, [
      'pull',
    ]);
    expect(filled).toMatch(/^before\n<!-- results -->\n### pull\n/);
    expect(filled).toContain('| x \\| y | 1 |');
    expect(filled).not.toContain('old');
    expect(filled.endsWith('\n<!-- /results -->\nafter\n')).toBe(true);
    expect(() => fillIn('no marks', {}, [])).toThrow('<!-- results -->');
  });

  it('keeps the section of a benchmark that has no result, and none of one that is gone', () => {
    const sections = ['gone', 'git', 'pull'].map((name) => `### ${name}\n\nold ${name}\n\n#### part\n\n- note`);
    const document = `<!-- results -->\n${sections.join('\n\n')}\n<!-- /results -->\n`;
    const filled = fillIn(document, { pull: measured(false), git: measured(true) }, ['pull', 'git', 'cli']);
    expect(filled.match(/^### .*/gm)).toEqual(['### pull', '### git']);
    expect(filled).toContain(`${sections[1]}\n<!-- /results -->`);
    expect(filled).not.toMatch(/old (gone|pull)/);
    expect(fillIn(filled, {}, ['pull', 'git'])).toBe(filled);
  });

  it('keeps quick results out of the document', () => {
    expect(fillIn('<!-- results -->\n<!-- /results -->', { pull: measured(true) }, ['pull'])).not.toContain('###');
  });
});

describe('what is measured with', () => {
  it('is the same objects each time, of which only the asked ones change', () => {
    const before = generate('p', 200);
    expect(generate('p', 200)).toEqual(before);
    const after = generate('p', 200, { build: '1', isChanged: (index) => index % 100 === 50 });
    expect(after.filter((object, index) => JSON.stringify(object) !== JSON.stringify(before[index]))).toHaveLength(2);
    const names = before.map(({ kind, metadata }) => `${kind}/${metadata.namespace}/${metadata.name}`);
    expect(new Set(names).size).toBe(200);
  });

  it('is exactly as many marked files as asked for, each under a path of its own', () => {
    const files = makeFiles(500, 47);
    expect(files.filter(({ before, after }) => before !== after)).toHaveLength(47);
    expect(files.filter(({ before }) => before.includes('$imagepolicy'))).toHaveLength(47);
    expect(new Set(files.map(({ path }) => path)).size).toBe(500);
  });

  it('is a whole config repo, whose services name all marked files', () => {
    const { files, services } = makeConfigRepo(2000);
    expect(makeConfigRepo(2000).files).toEqual(files);
    const texts = Object.entries(files);
    expect(texts).toHaveLength(2000);
    const marked = texts.filter(([, text]) => text.includes('$imagepolicy')).map(([path]) => path);
    expect(marked).toHaveLength(186);
    expect(services.flatMap((service) => Object.keys(service.filesWith('1.5.0'))).sort()).toEqual(marked.sort());
    expect(readConfig(files['windlass.yaml']!).problems).toEqual([]);
  });

  it('has a release of a service in its own files alone', () => {
    const { files, services } = makeConfigRepo(200);
    const changed = services[1]!.filesWith('1.6.7');
    for (const [path, text] of Object.entries(changed)) {
      expect(text.split('1.6.7')).toHaveLength(2);
      expect(text.replace('1.6.7', firstTag)).toBe(files[path]);
    }
    expect(() => makeConfigRepo(5)).toThrow('too small');
  });
});

describe('calls of another program', () => {
  const program = new URL('./called-program.ts', import.meta.url);
  const signal = new AbortController().signal;

  it('answer what its methods answer, and throw what they throw', async () => {
    const called = await startProgram<CalledMethods>(program, { add: 2 }, { signal });
    expect(await called.call('add', 40)).toBe(42);
    await expect(called.call('fail')).rejects.toThrow('as it was told');
    expect(await called.call('add', 1)).toBe(3);
    await called.end();
  });

  it('fail when it ends', async () => {
    const called = await startProgram<CalledMethods>(program, { add: 2 }, { signal });
    await expect(called.call('exit')).rejects.toThrow('ended with 7');
    await called.end();
  });
});

describe('the watch of traffic', () => {
  it('counts requests and bytes since the mark, and the time in which servers are busy', async () => {
    const watch = watchTraffic();
    const server = createServer((request, response) => {
      request.resume().on('end', () => setTimeout(() => response.end('x'.repeat(5000)), 50));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => void server.closeAllConnections());
    const { port } = server.address() as AddressInfo;
    const ask = async () =>
      (await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'y'.repeat(1000) })).text();
    await ask();
    watch.mark();
    await Promise.all([ask(), ask()]);
    const { byPort, busy } = await watch.since();
    const { requests, up, down } = byPort.get(port)!;
    expect(requests).toBe(2);
    expect(up).toBeGreaterThan(2000);
    expect(up).toBeLessThan(4000);
    expect(down).toBeGreaterThan(10_000);
    expect(down).toBeLessThan(12_000);
    // Two at once are busy once; a timer may be a millisecond early.
    expect(busy).toBeGreaterThan(45);
    server.close();
  });
});

describe('aims', () => {
  it('are met at their limit, and not above it', () => {
    const aims = [
      { what: 'a', ...atMost(300, 300, time) },
      { what: 'b', ...atMost(301, 300, time) },
      { what: 'c', ...all(9, 10) },
    ];
    expect(tableOfAims(aims).rows).toEqual([
      ['a', 'at most 300 ms', '300 ms', 'met'],
      ['b', 'at most 300 ms', '301 ms', 'not met'],
      ['c', 'all 10', '9', 'not met'],
    ]);
  });
});

describe('the queue that wakes the puller of a benchmark', () => {
  it('gives each message once to the real client, whether it waits for one or not', async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
    const served = await serveWakeMessages();
    onTestFinished(() => served.close());
    const queue = openWakeQueue({ url: served.url, region: 'eu-west-1' });
    onTestFinished(() => queue.close());
    const { signal } = new AbortController();
    const polled = queue.receive(signal);
    served.send();
    await (await polled)!.done();
    served.send();
    await (await queue.receive(signal))!.done();
    const none = AbortSignal.timeout(300);
    expect(await queue.receive(none)).toBeUndefined();
  });
});
