import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../helpers/cluster.ts';
import {
  checkOutMinimal,
  describeLoop,
  isSettled,
  type Loop,
  makeDir,
  processesOf,
  removeDir,
  runWindlass,
  startLoop,
  windlassProgram,
} from '../helpers/loop.ts';
import { hasTerminal, onTerminal } from '../helpers/terminal.ts';

const esc = '\u001b';
const terminal = await hasTerminal();

describeLoop('what a person reads', () => {
  let dir: string;
  let repo: string;

  beforeAll(async () => {
    dir = await makeDir();
    repo = await checkOutMinimal(join(dir, 'repo'));
  });
  afterAll(() => removeDir(dir));

  describe('of a push that is refused', () => {
    let loop: Loop;
    let state: string;
    const refused = async (...args: string[]): Promise<string> => {
      const ended = await runWindlass(['local', 'push', '--dir', state, ...args]);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr).not.toMatch(/^\s+at |bug:/m);
      return ended.stderr;
    };

    beforeAll(async () => {
      state = join(dir, 'state-push');
    });
    afterAll(() => loop?.stop());

    it('says that no loop runs, and how to start one', async () => {
      const said = await refused('acme/web:1.1.0');
      expect(said).toContain(`no loop runs on ${state}`);
      expect(said).toContain('windlass local');
    });

    it('says which image may have been meant', async () => {
      loop = await startLoop({ dir: state, args: ['--port', '0', '--repo', repo] });
      await loop.until('a healthy web', isSettled);
      expect(await refused('acme/wbe:1.1.0')).toContain('did you mean acme/web?');
      expect(await refused('something/quite/different:1')).toContain('ghcr.io/acme/web');
    });

    it('says what a push must look like', async () => {
      expect(await refused()).toContain('needs one IMAGE:TAG');
      expect(await refused('acme/web:1.1.0', 'acme/web:1.2.0')).toContain('needs one IMAGE:TAG');
      expect(await refused('acme/web')).toContain('not IMAGE:TAG');
      expect(await refused('acme/web:')).toContain('not IMAGE:TAG');
      expect(await refused('acme/web:not/a/tag')).toContain('not IMAGE:TAG');
      expect(await refused(`acme/web:${'1'.repeat(129)}`)).toContain('not IMAGE:TAG');
      expect(await refused(`acme/web:1.1.0${esc}[31m`)).not.toContain(esc);
    });

    it('changes nothing', async () => {
      expect((await loop.state()).commits).toHaveLength(1);
      expect((await loop.state()).images[0]).toMatchObject({ newest: '1.0.0' });
    });

    it('answers an accepted one as JSON where asked', async () => {
      const ended = await runWindlass(['local', 'push', '--dir', state, '--json', 'acme/web:1.1.0']);
      expect(ended.code).toBe(0);
      expect(JSON.parse(ended.stdout)).toEqual({ accepted: 'acme/web:1.1.0' });
    });

    it('without a terminal has no colours and no moving parts, and every line begins with its time', async () => {
      await loop.until('1.1.0', (now) => now.commits.length === 2 && isSettled(now));
      await loop.kubectl('-n', 'web', 'scale', 'deploy/web', '--replicas=5');
      await loop.prints(/alert /);
      const printed = loop.output();
      expect(printed).not.toContain(esc);
      expect(printed).not.toContain('\r');
      expect(printed).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
      const lines = loop.stdout().split('\n');
      const events = lines
        .slice(lines.findIndex((line) => line.startsWith('Ctrl-C')) + 1)
        .filter((line) => line !== '');
      expect(events.length).toBeGreaterThan(5);
      expect(
        events.filter((line) => !/^\d\d:\d\d:\d\d (bump|skip|pull|alert|again|fixed|retry) |^ {15}\S/.test(line)),
      ).toEqual([]);
      expect(events[0]).toMatch(/^\d\d:\d\d:\d\d/);
    });
  });

  describe.skipIf(!terminal)(`on a terminal${terminal ? '' : ' (skipped: no script of util-linux here)'}`, () => {
    const runs: string[] = [];
    /** A loop on a terminal, from its start to Ctrl-C. */
    const session = async (env: NodeJS.ProcessEnv): Promise<{ screen: string; code: number | null; state: string }> => {
      const state = join(dir, `state-terminal-${runs.length}`);
      runs.push(state);
      const run = onTerminal(
        [process.execPath, windlassProgram, 'local', '--dir', state, '--port', '0', '--repo', repo],
        { cwd: dir, env },
      );
      await waitFor(() => /web at .*healthy/.test(run.screen()), {
        what: 'a healthy web on the terminal',
      });
      run.type('\u0003');
      const code = await run.ended;
      return { screen: run.screen(), code, state };
    };

    it('shows progress in colour, and Ctrl-C ends every process', async () => {
      const { screen, code, state } = await session({});
      expect(screen).toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/);
      expect(screen).toContain(`${esc}[32m✓${esc}[39m cluster: `);
      expect(screen).not.toMatch(/bug:|while stopping|ended unexpectedly/);
      expect(code).toBe(0);
      expect(await processesOf(state)).toEqual([]);
    });

    it('shows no colour with NO_COLOR', async () => {
      const { screen, code } = await session({ NO_COLOR: '1' });
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours
      expect(screen).not.toMatch(/\u001b\[[0-9;]*m/);
      expect(screen).toContain('✓ cluster: ');
      expect(code).toBe(0);
    });
  });
});
