#!/usr/bin/env node
// Starts bin/windlass.ts on Node 24, whatever Node the machine has. Plain JavaScript, old syntax: an old Node must be able to read it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const entry = fileURLToPath(new URL('./windlass.ts', import.meta.url));
const major = Number(process.versions.node.split('.')[0]);

if (major >= 24) {
  await import(pathToFileURL(entry).href);
} else {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const bundled = fileURLToPath(new URL(`../node_modules/node/bin/${name}`, import.meta.url));
  if (existsSync(bundled)) {
    const child = spawn(bundled, [entry, ...process.argv.slice(2)], {
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
