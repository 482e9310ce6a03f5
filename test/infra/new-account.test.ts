import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionFiles } from '../../functions/bundle.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const example = join(root, 'examples/new-account');

interface Template {
  // biome-ignore lint/suspicious/noExplicitAny: a template's properties have no type of their own
  Resources: Record<string, { Type: string; Properties: any; DeletionPolicy?: string }>;
}

/** A copy of the example beside the packages that its package.json names, as `npm install` leaves it. */
async function installed(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'windlass-new-account-'));
  await cp(example, folder, { recursive: true });
  const { dependencies } = JSON.parse(await readFile(join(example, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    const place = join(folder, 'node_modules', name);
    await mkdir(join(place, '..'), { recursive: true });
    await symlink(join(root, 'node_modules', name), place);
  }
  // Only what the published package says of itself: what it leads to are the sources.
  const windlass = join(folder, 'node_modules/windlass');
  await mkdir(windlass);
  const sources = JSON.stringify(join(root, 'lib/infra/index.ts'));
  await writeFile(join(windlass, 'package.json'), '{"name":"windlass","type":"module","exports":{"./cdk":"./cdk.js"}}');
  await writeFile(join(windlass, 'cdk.js'), `export * from ${sources};\n`);
  await writeFile(join(windlass, 'cdk.d.ts'), `export * from ${sources};\n`);
  return folder;
}

/** A folder for each function: what is in it is not looked at here. */
async function bundlesIn(folder: string): Promise<string> {
  const bundles = join(folder, 'functions.out');
  for (const name of functionFiles) {
    await mkdir(join(bundles, name), { recursive: true });
    await writeFile(join(bundles, name, 'index.mjs'), '');
  }
  return bundles;
}

describe('the example of a new account', () => {
  let folder: string;
  let outdir: string;
  let said: string;
  const template = async (stack: string) =>
    JSON.parse(await readFile(join(outdir, `${stack}.template.json`), 'utf8')) as Template;
  const ofType = async (stack: string, type: string) =>
    Object.values((await template(stack)).Resources).filter(({ Type }) => Type === type);

  beforeAll(async () => {
    folder = await installed();
    outdir = join(folder, 'cdk.out');
    const { context } = JSON.parse(await readFile(join(example, 'cdk.json'), 'utf8')) as { context: object };
    const CDK_CONTEXT_JSON = JSON.stringify({ ...context, 'windlass:functions': await bundlesIn(folder) });
    // As the CDK's command starts it. No account is asked: there are no credentials here.
    const env = { PATH: process.env['PATH'], HOME: folder, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON };
    ({ stderr: said } = await run(process.execPath, ['app.ts'], { cwd: folder, env }));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('asks no registry for Windlass, where nobody owns its name', async () => {
    expect(await readFile(join(example, 'package.json'), 'utf8')).not.toContain('windlass');
    expect(await readFile(join(example, 'README.md'), 'utf8')).toContain('npm install ../windlass/dist/windlass.tgz\n');
  });

  it('is synthesized without a warning', async () => {
    expect(said).toBe('');
    const remarks = (await readdir(outdir)).filter((file) => file.endsWith('.metadata.json'));
    expect(remarks).not.toEqual([]);
    for (const file of remarks)
      expect(await readFile(join(outdir, file), 'utf8')).not.toMatch(/aws:cdk:(?:warning|error)/);
  });

  it('passes the type check, as it is copied', async () => {
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--allowImportingTsExtensions', '--types', 'node'];
    const types = ['--typeRoots', join(root, 'node_modules/@types'), '--module', 'nodenext', '--target', 'es2024'];
    const tsc = createRequire(import.meta.url)
      .resolve('typescript/package.json')
      .replace('package.json', 'bin/tsc');
    await run(process.execPath, [tsc, ...options, ...types, '--ignoreConfig', 'app.ts'], { cwd: folder });
  });

  it('makes repositories in which a tag stays what it was', async () => {
    const repositories = await ofType('Images', 'AWS::ECR::Repository');
    expect(repositories.map(({ Properties }) => Properties.RepositoryName)).toEqual([
      'windlass',
      'shop/web',
      'shop/worker',
    ]);
    for (const { Properties, DeletionPolicy } of repositories) {
      expect(Properties.ImageTagMutability).toBe('IMMUTABLE');
      expect(DeletionPolicy).toBe('Retain');
    }
  });

  it("lets the workflows of one repository's main branch and releases push to one repository", async () => {
    const roles = await ofType('Images', 'AWS::IAM::Role');
    expect(roles).toHaveLength(2);
    const github = 'token.actions.githubusercontent.com';
    const [statement] = roles[0]!.Properties.AssumeRolePolicyDocument.Statement;
    expect(statement).toMatchObject({
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: {
        StringEquals: { [`${github}:aud`]: 'sts.amazonaws.com' },
        StringLike: {
          [`${github}:sub`]: [
            'repo:acme@1234567/web@7654321:ref:refs/heads/main',
            'repo:acme@1234567/web@7654321:ref:refs/tags/v*',
          ],
        },
      },
    });
    const [other] = roles[1]!.Properties.AssumeRolePolicyDocument.Statement;
    expect(other.Condition.StringLike[`${github}:sub`]).toContain(
      'repo:acme@1234567/worker@7654322:ref:refs/heads/main',
    );
    const policies = await ofType('Images', 'AWS::IAM::Policy');
    const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
    const wide = statements.filter(({ Resource }) => Resource === '*');
    expect(wide.map(({ Action }) => Action)).toEqual(['ecr:GetAuthorizationToken', 'ecr:GetAuthorizationToken']);
  });

  it('makes the cluster that the others name, with the audit log that is asked', async () => {
    const [cluster] = await ofType('Cluster', 'AWS::EKS::Cluster');
    expect(cluster!.Properties).toMatchObject({
      Name: 'acme-main',
      AccessConfig: { AuthenticationMode: 'API' },
      ComputeConfig: { Enabled: true },
      Logging: { ClusterLogging: { EnabledTypes: [{ Type: 'audit' }] } },
    });
  });

  it('lets the check and the puller into it, after it is there', async () => {
    const [entry] = await ofType('WindlassClusterAccess-acme-main', 'AWS::EKS::AccessEntry');
    expect(entry!.Properties).toMatchObject({ ClusterName: 'acme-main', KubernetesGroups: ['windlass:drift'] });
    const [association] = await ofType('WindlassClusterAccess-acme-main', 'AWS::EKS::PodIdentityAssociation');
    expect(association!.Properties).toMatchObject({ ClusterName: 'acme-main', Namespace: 'windlass-system' });
    const manifest = JSON.parse(await readFile(join(outdir, 'manifest.json'), 'utf8')) as {
      artifacts: Record<string, { dependencies?: string[] }>;
    };
    expect(manifest.artifacts['WindlassClusterAccess-acme-main']!.dependencies).toEqual(
      expect.arrayContaining(['Cluster', 'Windlass']),
    );
  });

  it('is one Windlass, which makes none of these', async () => {
    const types = Object.values((await template('Windlass')).Resources).map(({ Type }) => Type);
    expect(types).toEqual(expect.arrayContaining(['AWS::Lambda::Function', 'AWS::DynamoDB::GlobalTable']));
    for (const made of types) expect(made).not.toMatch(/^AWS::(?:EKS|EC2|ECR|SecretsManager)::/);
  });
});
