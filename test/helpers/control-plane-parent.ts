import { startControlPlane } from '../../lib/adapters/local/control-plane/control-plane.ts';

// A process that tests kill: starts a control plane, says so, and exits without stopping it when its input ends.
const [dir, binaries] = process.argv.slice(2);
process.on('SIGINT', () => {});
await startControlPlane({ dir: dir!, binaries: JSON.parse(binaries!), controllers: false, ephemeral: true });
process.stdout.write('ready\n');
process.stdin.resume().on('end', () => process.exit(0));
