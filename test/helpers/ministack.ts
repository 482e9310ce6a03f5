import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { issueCertificate } from '../../lib/adapters/local/control-plane/certificate.ts';
import { freePort } from '../../lib/adapters/local/control-plane/free-port.ts';
import { messageOf } from '../../lib/model/errors.ts';
import { waitMs } from './patience.ts';
import { pythonPackage } from './python-package.ts';

/** Exact: it is young and moves fast, and the launcher reaches into its inside. https://pypi.org/project/ministack/ */
const version = '1.5.33';
/** What starts it. */
export const launcher = fileURLToPath(new URL('../standins/start-ministack.py', import.meta.url));

/** MiniStack, which stands in for AWS. */
export interface MiniStack {
  /** `http://127.0.0.1:40123` */
  endpoint: string;
  region: string;
  /** Those of the account's root. Without `auth` any key will do. */
  credentials: { accessKeyId: string; secretAccessKey: string };
  account: string;
  /** The authority of its certificate, a PEM file; undefined without `tls`. */
  caFile?: string;
  /** All that it wrote so far. */
  log(): string;
  /** Says where a cluster of its EKS is. */
  tellCluster(name: string, where: { endpoint: string; ca: string }): Promise<void>;
  /** Whether pushes to its ECR are told to EventBridge from now on; they are at first. */
  loseEvents(lost: boolean): Promise<void>;
  /** Where the API server of such a cluster is to ask who a token belongs to. */
  authenticator(cluster: string): string;
  stop(): Promise<void>;
}

/** How MiniStack is set up. */
export interface MiniStackOptions {
  /** IAM decides: what is not granted is refused. */
  auth?: boolean;
  /** HTTPS, by an authority that this process trusts from then on. IAM's aws:SecureTransport wants it. */
  tls?: boolean;
  /** How many times as fast the schedules run; 1 unless told. */
  speed?: number;
  /** Where the files of layers are that functions look for under /opt. */
  opt?: string;
  /** A repository of its ECR that answers with 500 when its images are asked for. */
  brokenRepository?: string;
  /** More of the environment; functions see it too. */
  env?: Record<string, string>;
}

/**
 * Like `describe`, for tests that need MiniStack: `await` it at the top of a test file, as the first run on a machine installs it from PyPI. Where it
 * cannot be had the tests are skipped, with the reason in the name; with WINDLASS_TEST_STRICT=1 they fail.
 */
export async function describeWithMiniStack(name: string, suite: () => void): Promise<void> {
  try {
    await ministack();
  } catch (error) {
    if (process.env['WINDLASS_TEST_STRICT'] === '1') throw error;
    const [reason] = messageOf(error).split('\n');
    describe.skip(`${name} (skipped: no MiniStack: ${reason})`, suite);
    return;
  }
  describe(name, suite);
}

/** Starts MiniStack on a free port of 127.0.0.1. Whoever starts it stops it. */
export async function startMiniStack(options: MiniStackOptions = {}): Promise<MiniStack> {
  const python = await ministack();
  const directory = await mkdtemp(join(tmpdir(), 'windlass-test-ministack-'));
  const port = await freePort();
  const [clusters, lost] = [join(directory, 'clusters.json'), join(directory, 'lost')];
  const settings = { region: 'eu-west-1', account: '000000000000' };
  const caFile = options.tls ? await certify(directory) : undefined;
  const child = spawn(python, [launcher], {
    cwd: directory,
    env: {
      ...environment(directory, port, settings.region, options),
      ...{ WINDLASS_TEST_CLUSTERS: clusters, WINDLASS_TEST_LOST_EVENTS: lost },
    },
    // A group of its own, as it starts processes; and a pipe, by which it sees that this one is gone.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      log += String(chunk);
    });
  const exited = once(child, 'exit');
  const stop = async () => {
    endGroup(child);
    await exited;
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  const endpoint = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  for (const deadline = performance.now() + waitMs; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`MiniStack did not start: ${log}`);
    }
    const health = await fetch(`${endpoint}/_ministack/health`).catch(() => undefined);
    await health?.body?.cancel();
    if (health?.ok) break;
  }
  const told: Record<string, object> = {};
  return {
    ...{ endpoint, ...settings, stop },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    ...(caFile !== undefined && { caFile }),
    log: () => log,
    tellCluster: (name, where) => {
      told[name] = where;
      return writeFile(clusters, JSON.stringify(told));
    },
    loseEvents: (isLost) => (isLost ? writeFile(lost, '') : rm(lost, { force: true })),
    authenticator: (cluster) =>
      [endpoint, '_ministack/eks-auth', settings.account, settings.region, cluster, authenticatorKey].join('/'),
  };
}

const authenticatorKey = 'key-of-the-authenticator';

function environment(
  directory: string,
  port: number,
  region: string,
  { auth, tls, speed, opt, brokenRepository, env }: MiniStackOptions,
): Record<string, string> {
  return {
    // Functions run on the Node of this process.
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    ...{ HOME: directory, TMPDIR: directory, BIND_HOST: '127.0.0.1', MINISTACK_HOST: '127.0.0.1' },
    ...{ GATEWAY_PORT: String(port), MINISTACK_REGION: region, PERSIST_STATE: '0', PYTHONUNBUFFERED: '1' },
    ...(auth && { AUTH: 'true' }),
    ...(tls && {
      USE_SSL: '1',
      MINISTACK_SSL_CERT: join(directory, 'server.pem'),
      MINISTACK_SSL_KEY: join(directory, 'server-key.pem'),
      NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem'),
    }),
    ...(speed !== undefined && { WINDLASS_TEST_SPEED: String(speed) }),
    ...(opt !== undefined && { WINDLASS_TEST_OPT: opt }),
    ...(brokenRepository !== undefined && { WINDLASS_TEST_BROKEN_REPOSITORY: brokenRepository }),
    WINDLASS_TEST_AUTHENTICATOR: authenticatorKey,
    ...env,
  };
}

/** Writes the certificate of a server, and lets this process trust it. Gives the file of its authority. */
async function certify(directory: string): Promise<string> {
  const lifetime = { validFrom: new Date(Date.now() - 3_600_000), days: 2 };
  const authority = issueCertificate({ commonName: 'MiniStack of a test', use: 'authority', ...lifetime });
  const hosts = ['127.0.0.1', 'localhost'];
  const server = issueCertificate({ commonName: '127.0.0.1', use: 'server', hosts, ...lifetime }, authority);
  await writeFile(join(directory, 'server.pem'), server.certPem);
  await writeFile(join(directory, 'server-key.pem'), server.keyPem);
  await writeFile(join(directory, 'ca.pem'), authority.certPem);
  setDefaultCACertificates([...getCACertificates('default'), authority.certPem]);
  return join(directory, 'ca.pem');
}

function endGroup({ pid }: ChildProcess): void {
  try {
    // Also when it is gone itself: a function may outlive it.
    process.kill(-pid!, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The Python of a virtual environment with MiniStack. */
async function ministack(): Promise<string> {
  return join(await pythonPackage('ministack', version), 'python');
}
