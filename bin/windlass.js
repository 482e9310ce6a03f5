#!/usr/bin/env node
// Starts the CLI: in a checkout its source, on Node 24, whatever Node the machine has; in the package what was built of it. Plain JavaScript, old syntax: an
// old Node must be able to read it.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import * as module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as v8 from 'node:v8';

const source = fileURLToPath(new URL('./windlass.ts', import.meta.url));
const isCheckout = existsSync(source);
const entry = isCheckout ? source : fileURLToPath(new URL('../cli/windlass.mjs', import.meta.url));
const major = Number(process.versions.node.split('.')[0]);

if (major >= (isCheckout ? 24 : 22)) {
  // Compiled code is kept between runs where other copies are already (lib/adapters/local/cache-dir.ts): a quarter of a second of each.
  const { WINDLASS_CACHE, XDG_CACHE_HOME, HOME } = process.env;
  const cache = WINDLASS_CACHE || join(XDG_CACHE_HOME || join(HOME || homedir(), '.cache'), 'windlass');
  const compiled = join(cache, 'compiled');
  if (isThere(compiled)) module.enableCompileCache(compiled);
  // The young generation would grow to 64 MB before it is cleaned: a third of the memory of a pull of 5,000 objects, for no time.
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  await import(pathToFileURL(entry).href);
} else if (!isCheckout) {
  console.error(`windlass: this is Node ${process.versions.node}, and Windlass runs on Node 22 or newer.`);
  process.exitCode = 3;
} else {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const bundled = fileURLToPath(new URL(`../node_modules/node/bin/${name}`, import.meta.url));
  if (existsSync(bundled)) {
    const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    });
    // Ctrl-C reaches the child by the terminal as well; asked twice, it still stops once. When this process is killed the channel closes.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
      process.on(signal, () => child.connected && child.send('stop'));
    child.on('exit', (code, signal) => {
      process.exitCode = code ?? (signal === null ? 3 : 130);
    });
  } else {
    console.error(`windlass: this is Node ${process.versions.node}, and Windlass runs on Node 24 or newer.`);
    console.error(`  Its own copy is missing: ${bundled}`);
    console.error('  Run "npm ci" in the checkout (it installs Node 24 for this project alone), or use Node 24.');
    console.error('  If npm says that install scripts were held back: npm approve-scripts node');
    process.exitCode = 3;
  }
}

/** Makes one directory. False where that fails: Node itself tries for ever to make one in a place like /proc. */
function isThere(directory) {
  try {
    mkdirSync(directory);
    return true;
  } catch (error) {
    return error.code === 'EEXIST';
  }
}
