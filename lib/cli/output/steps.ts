import type { Io } from '../command.ts';
import { styleFor } from './style.ts';

/** Shows what goes on while something is prepared. */
export interface Steps {
  /** Something began or goes on; the last text of a name is the one shown. */
  working(name: string, text: string): void;
  /** It is done: printed once, with how long it took. */
  done(name: string, text: string): void;
  /** It did not work, or was left out: printed once, with how long that took. */
  failed(name: string, text: string): void;
  left(name: string, text: string): void;
  /** Stops drawing; what is printed after stands below. */
  close(): void;
}

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** On a terminal: one moving line a step. Elsewhere: a line when a step begins, when its text changes (every 5 s at most), and when it is done. */
export function createSteps(io: Io): Steps {
  const open = new Map<string, { text: string; since: number; printed: number }>();
  const style = styleFor(io.stderr, io.env);
  const live = io.stderr.isTTY === true && io.env['TERM'] !== 'dumb';
  const write = (text: string) => io.stderr.write(text);
  let drawn = 0;
  let frame = 0;

  const erase = () => {
    if (drawn > 0) write(`\u001b[${drawn}A\u001b[0J`);
    drawn = 0;
  };
  const draw = () => {
    erase();
    const width = (io.stderr.columns ?? 80) - 1;
    const spinner = frames[frame++ % frames.length]!;
    for (const [name, step] of open) {
      const line = `${spinner} ${name}: ${step.text}`;
      write(`${style.blue(line.slice(0, 1))}${line.slice(1, width)}\n`);
      drawn += 1;
    }
  };
  const timer = live ? setInterval(draw, 100) : undefined;
  timer?.unref();

  const ended = (mark: string, name: string, text: string) => {
    const since = open.get(name)?.since;
    const seconds = since === undefined ? 0 : (performance.now() - since) / 1000;
    const took = seconds < 0.1 ? '' : style.dim(` (${seconds.toFixed(1)} s)`);
    open.delete(name);
    if (live) erase();
    write(`${mark} ${name}: ${text}${took}\n`);
  };

  return {
    working: (name, text) => {
      const now = performance.now();
      const step = open.get(name) ?? { text: '', since: now, printed: Number.NEGATIVE_INFINITY };
      const news = step.text !== text && now - step.printed >= 5000;
      open.set(name, { ...step, text, printed: !live && news ? now : step.printed });
      if (!live && news) write(`… ${name}: ${text}\n`);
    },
    done: (name, text) => ended(style.green('✓'), name, text),
    failed: (name, text) => ended(style.red('✗'), name, text),
    left: (name, text) => ended(style.yellow('-'), name, text),
    close: () => {
      clearInterval(timer);
      if (live) erase();
    },
  };
}
