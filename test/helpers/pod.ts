import { execFile, spawn } from 'node:child_process';
import { lstat, mkdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe } from 'vitest';
import { messageOf } from '../../lib/model/errors.ts';
import { temporaryFolder } from './cluster.ts';
import type { ImageParts } from './dockerfile.ts';
import { follow, type RunningPuller } from './puller.ts';

const run = promisify(execFile);

/** What a pod's spec says that counts here. */
export interface PodSpec {
  securityContext: { runAsUser: number; runAsGroup: number };
  containers: [
    {
      env: { name: string; value: string }[];
      securityContext: { readOnlyRootFilesystem: boolean };
      volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
      args?: string[];
      command?: string[];
    },
  ];
  volumes: { name: string; emptyDir?: object }[];
}

/** What a pod is started from. */
export interface PodOptions {
  spec: PodSpec;
  image: ImageParts;
  /** Files on this machine for what the Dockerfile copies: `bundle`, or `kubectl:/kubectl` for one of a stage. */
  sources: Record<string, string>;
  /** Of the volumes that are no empty directories: what is in them. */
  volumes: Record<string, Record<string, string>>;
  /** More of the environment, as the kubelet adds it. */
  env: Record<string, string>;
  /** In place of what the image starts. */
  command?: string[];
}

/**
 * Like `describe`, for tests that run a pod without a container engine, in user and mount namespaces. Where the system allows none, they are skipped,
 * and the reason stands in the name; with WINDLASS_TEST_STRICT=1 they fail instead.
 */
export async function describeWithNamespaces(name: string, suite: () => void): Promise<void> {
  const nested = ['unshare', '--user', '--map-user=65532', '--map-group=65532', 'true'];
  const reason = await run('unshare', ['--user', '--map-root-user', '--mount', ...nested]).then(
    () => undefined,
    (error: unknown) => messageOf(error).trim().split('\n').at(-1),
  );
  if (reason !== undefined && process.env['WINDLASS_TEST_STRICT'] !== '1')
    describe.skip(`${name} (skipped: no user and mount namespaces here: ${reason})`, suite);
  else describe(name, suite);
}

/**
 * Runs an image as a pod would, without a container engine: of this machine it sees the directory of system programs and libraries, in place of
 * the base image, and else nothing but what the Dockerfile copies and the volumes hold; its user has no rights, and only empty directories can be
 * written to. The network is this machine's.
 */
export async function startPod(options: PodOptions): Promise<RunningPuller> {
  const { spec, image } = options;
  const { root, mounts } = await fillRoot(options);
  const [container] = spec.containers;
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...image.env,
    ...Object.fromEntries(container.env.map(({ name, value }) => [name, value])),
    ...options.env,
  };
  const { runAsUser, runAsGroup } = spec.securityContext;
  const command = [
    ...['unshare', '--user', `--map-user=${runAsUser}`, `--map-group=${runAsGroup}`],
    ...['env', '-i', ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
    ...(options.command ?? [...(container.command ?? image.entrypoint), ...(container.args ?? [])]),
  ];
  const readOnly = container.securityContext.readOnlyRootFilesystem;
  const script = [
    'set -eu',
    `mount --rbind ${quoted(root)} ${quoted(root)}`,
    ...mounts.map(({ from, to }) => `mount --rbind ${quoted(from)} ${quoted(join(root, to))}`),
    ...mounts.filter((mount) => mount.readOnly).map(({ to }) => `mount -o remount,bind,ro ${quoted(join(root, to))}`),
    ...(readOnly ? [`mount -o remount,bind,ro ${quoted(root)}`] : []),
    // As a container engine does it: a mere chroot could not be left behind by a user namespace.
    `cd ${quoted(root)}`,
    'pivot_root . .',
    'umount -l .',
    'cd /',
    `exec ${command.map(quoted).join(' ')}`,
  ];
  const namespaces = ['--user', '--map-root-user', '--mount', '--propagation', 'private'];
  const child = spawn('unshare', [...namespaces, 'sh', '-c', script.join('\n')], { stdio: ['ignore', 'pipe', 'pipe'] });
  return follow(child);
}

interface Mount {
  from: string;
  to: string;
  readOnly: boolean;
}

async function fillRoot({ spec, image, sources, volumes }: PodOptions): Promise<{ root: string; mounts: Mount[] }> {
  const outside = await temporaryFolder();
  const root = join(outside, 'root');
  for (const directory of ['usr', 'dev', 'proc', 'tmp', 'etc']) await mkdir(join(root, directory), { recursive: true });
  await writeFile(join(root, 'etc/passwd'), ['root:x:0:0:root:/root:/bin/sh', ...image.passwd, ''].join('\n'));
  await writeFile(join(root, 'etc/nsswitch.conf'), 'passwd: files\nhosts: files dns\n');
  await writeFile(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
  const mounts: Mount[] = [
    { from: '/usr', to: '/usr', readOnly: true },
    { from: '/dev', to: '/dev', readOnly: false },
    { from: '/proc', to: '/proc', readOnly: false },
  ];
  for (const directory of ['bin', 'sbin', 'lib', 'lib64']) {
    const found = await lstat(`/${directory}`).catch(() => undefined);
    if (found?.isSymbolicLink()) await symlink(await readlink(`/${directory}`), join(root, directory));
    else if (found !== undefined) {
      await mkdir(join(root, directory));
      mounts.push({ from: `/${directory}`, to: `/${directory}`, readOnly: true });
    }
  }
  mounts.push(...(await programs(outside, image, sources)));
  for (const { stage, from, to } of image.copies) {
    if (stage === undefined) mounts.push(await directory(root, sourceOf(sources, from), to));
  }
  for (const { name, mountPath } of spec.containers[0].volumeMounts)
    mounts.push(await volume(root, join(outside, name), mountPath, spec, volumes[name]));
  return { root, mounts };
}

/** /usr/local of this machine is hidden: Node is of the base image, and the rest is copied from stages. */
async function programs(outside: string, image: ImageParts, sources: Record<string, string>): Promise<Mount[]> {
  const local = join(outside, 'local');
  await mkdir(join(local, 'bin'), { recursive: true });
  const files: [from: string, to: string][] = [[process.execPath, '/usr/local/bin/node']];
  for (const { stage, from, to } of image.copies) {
    if (stage === undefined) continue;
    if (to !== '/usr/local/bin/') throw new Error(`nothing is known of ${to} as a place for programs`);
    files.push([sourceOf(sources, `${stage}:${from}`), `${to}${from.slice(1)}`]);
  }
  for (const [, to] of files) await writeFile(join(local, to.slice('/usr/local/'.length)), '', { mode: 0o755 });
  return [
    { from: local, to: '/usr/local', readOnly: true },
    ...files.map(([from, to]) => ({ from, to, readOnly: true })),
  ];
}

async function directory(root: string, from: string, to: string): Promise<Mount> {
  await mkdir(join(root, to), { recursive: true });
  return { from, to, readOnly: true };
}

async function volume(
  root: string,
  from: string,
  to: string,
  { volumes }: PodSpec,
  files: Record<string, string> | undefined,
): Promise<Mount> {
  const name = from.slice(from.lastIndexOf('/') + 1);
  const isEmpty = volumes.find((one) => one.name === name)?.emptyDir !== undefined;
  if (isEmpty === (files !== undefined)) throw new Error(`the volume ${name} is ${isEmpty ? 'empty' : 'not given'}`);
  await mkdir(from);
  await mkdir(join(root, to), { recursive: true });
  for (const [file, text] of Object.entries(files ?? {})) {
    await mkdir(dirname(join(from, file)), { recursive: true });
    await writeFile(join(from, file), text, { mode: 0o440 });
  }
  return { from, to, readOnly: !isEmpty };
}

function sourceOf(sources: Record<string, string>, name: string): string {
  const source = sources[name];
  if (source === undefined) throw new Error(`there is no source for ${name}, which the Dockerfile copies`);
  return source;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
