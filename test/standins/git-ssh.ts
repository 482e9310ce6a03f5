import { spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type AuthContext, type Channel, type Connection, Server, utils } from 'ssh2';

/** A key pair in OpenSSH's format. */
export interface SshKey {
  private: string;
  public: string;
}

/** A Git server that listens. */
export interface SshServer {
  /** Of `config.git`, for the user `git`. */
  url: string;
  /** The line of known_hosts that is right. */
  knownHost: string;
  /** How each client tried to come in: `publickey`, `none` ... */
  readonly tried: readonly string[];
  /** Programs that were run, as the client asked for them. */
  readonly ran: readonly string[];
  close(): Promise<void>;
}

/** Makes an Ed25519 key. One of some 200 that ssh2 makes it cannot read itself: then it makes another. */
export function makeSshKey(): SshKey {
  const key = utils.generateKeyPairSync('ed25519');
  return utils.parseKey(key.private) instanceof Error ? makeSshKey() : key;
}

/** What is served, and to whom. */
export interface SshServerOptions {
  /** The directory that holds the repositories. */
  root: string;
  /** Whose owner may read. */
  key: SshKey;
  /** The server's own; a new one unless told. */
  hostKey?: SshKey;
  /** 0: any. */
  port?: number;
  /** Old servers know no other version of git's protocol than the first, which gives no commit by its id. */
  oldProtocol?: boolean;
  /** Called while a client waits for a program to run. */
  onRun?: () => void;
}

/** `git upload-pack` by ssh on 127.0.0.1, for the owner of one key. */
export async function serveGitBySsh(options: SshServerOptions): Promise<SshServer> {
  const hostKey = options.hostKey ?? makeSshKey();
  const [tried, ran]: [string[], string[]] = [[], []];
  const open = new Set<Connection>();
  const server = new Server({ hostKeys: [hostKey.private] }, (connection) => {
    open.add(connection);
    connection.on('error', () => {});
    connection.on('close', () => open.delete(connection));
    connection.on('authentication', (context: AuthContext) => {
      tried.push(context.method);
      if (isOwner(context, options.key)) context.accept();
      else context.reject(['publickey']);
    });
    connection.on('session', (accept: () => NodeJS.EventEmitter) => {
      const session = accept();
      let protocol = '';
      session.on('env', (accepted: () => void, _rejected: unknown, { key, val }: { key: string; val: string }) => {
        if (key === 'GIT_PROTOCOL' && options.oldProtocol !== true) protocol = val;
        accepted?.();
      });
      session.on('exec', (run: () => Channel, _rejected: unknown, { command }: { command: string }) => {
        ran.push(command);
        options.onRun?.();
        runProgram(options.root, command, protocol, run());
      });
    });
  });
  await new Promise<void>((done) => server.listen(options.port ?? 0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `ssh://git@127.0.0.1:${port}/config.git`,
    knownHost: `[127.0.0.1]:${port} ${hostKey.public.split(' ').slice(0, 2).join(' ')}`,
    tried,
    ran,
    close: async () => {
      for (const connection of open) connection.end();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}

function isOwner(context: AuthContext, key: SshKey): boolean {
  const owner = utils.parseKey(key.public);
  if (context.method !== 'publickey' || context.username !== 'git') return false;
  if (context.key.algo !== owner.type || !context.key.data.equals(owner.getPublicSSH())) return false;
  // First a client only asks whether the key would do.
  if (context.signature === undefined || context.blob === undefined) return true;
  return owner.verify(context.blob, context.signature, context.hashAlgo) === true;
}

function runProgram(root: string, command: string, protocol: string, channel: Channel): void {
  const path = /^git-upload-pack '\/([\w.-]+)'$/.exec(command)?.[1];
  if (path === undefined) {
    channel.stderr.write('that may not be run here\n');
    channel.exit(1);
    channel.close();
    return;
  }
  const child = spawn('git', ['upload-pack', join(root, path)], {
    env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_PROTOCOL: protocol },
  });
  child.stdin.on('error', () => {});
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.on('close', (code) => {
    channel.exit(code ?? 1);
    channel.close();
  });
}
