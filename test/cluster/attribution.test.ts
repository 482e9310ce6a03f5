import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { openAuditLog } from '../../lib/adapters/aws/audit-logs.ts';
import { auditFields } from '../../lib/adapters/aws/audit-query.ts';
import { findKubectl } from '../../lib/adapters/renderers/kubectl.ts';
import { attribution } from '../../lib/drift/attribution.ts';
import { isPluralOf } from '../../lib/drift/match-requests.ts';
import type { WhoWanted } from '../../lib/model/messages.ts';
import { attributedSchema } from '../../lib/model/messages-schema.ts';
import type { WhoQuestion } from '../../lib/model/who.ts';
import { describeWithCluster, privateControlPlane, temporaryFolder, waitFor } from '../helpers/cluster.ts';
import { fieldsOf, logsInsights } from '../helpers/logs-insights.ts';
import { standIn } from '../helpers/stand-in.ts';
import { type TokenUser, tokenUsers } from '../helpers/token-users.ts';

const { path: program } = await findKubectl({ env: process.env });
const canary = 'ASIACANARYKEYID';
const arnOf = (name: string) => `arn:aws:sts::111111111111:assumed-role/Developer/${name}`;

/** As EKS's authenticator describes whoever has an access entry. */
const developer = (name: string): TokenUser => ({
  username: arnOf(name),
  groups: ['system:masters'],
  extra: {
    accessKeyId: [canary],
    arn: [arnOf(name)],
    canonicalArn: ['arn:aws:iam::111111111111:role/Developer'],
    principalId: ['AROACANARY'],
    sessionName: [name],
  },
});
const users: Record<string, TokenUser> = {
  ada: developer('ada'),
  carol: developer('carol'),
  bob: { ...developer('bob'), groups: ['nobodies'] },
  ci: { username: 'system:serviceaccount:ci:deploy', groups: ['system:masters'] },
  puller: { username: 'system:serviceaccount:windlass-system:windlass-puller', groups: ['system:masters'] },
};

/** As EKS's own policy does: nothing at its beginning, values of Secrets and ConfigMaps never, all else whole. */
const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'Metadata', resources: [{ group: '', resources: ['secrets', 'configmaps'] }] },
    { level: 'RequestResponse' },
  ],
};

/** An API server that writes an audit log, and a stand-in for CloudWatch that has what is in it. */
async function audited() {
  const dir = await temporaryFolder();
  const [policyFile, log] = [join(dir, 'policy.json'), join(dir, 'audit.log')];
  await writeFile(policyFile, JSON.stringify(policy));
  const controlPlane = await privateControlPlane({
    apiServerFlags: {
      ...(await tokenUsers((token) => users[token] ?? 'nobody has this token')),
      'audit-policy-file': policyFile,
      'audit-log-path': log,
      'audit-log-mode': 'blocking',
      'audit-log-maxsize': '10000',
    },
  });
  const ca = join(dir, 'ca.crt');
  await writeFile(ca, controlPlane.caPem);
  const kubectl = async (who: string, args: string, options: { input?: string; editor?: string } = {}) => {
    const login = ['--kubeconfig', '/dev/null', '--server', controlPlane.server, '--certificate-authority', ca];
    const env = { ...process.env, ...(options.editor !== undefined && { KUBE_EDITOR: options.editor }) };
    const child = promisify(execFile)(program, [...login, '--token', who, ...args.split(' ')], { env });
    child.child.stdin?.end(options.input ?? '');
    return (await child).stdout;
  };
  const events = async () => {
    const lines = (await readFile(log, 'utf8')).split('\n').filter(Boolean);
    const wrong = { stream: 'kube-controller-manager-0a1b', message: lines[0]! };
    return [wrong, ...lines.map((message) => ({ stream: 'kube-apiserver-audit-0a1b2c', message }))];
  };
  const cloudWatch = await standIn({ '127.0.0.1': logsInsights('/aws/eks/acme/cluster', events) });
  const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' };
  const auditLog = openAuditLog({ name: 'acme', region: 'eu-west-1' }, { endpoint: cloudWatch.url, credentials });
  onTestFinished(() => auditLog.close());

  const since = new Date(Date.now() - 60_000).toISOString();
  /** What the attribution answers, and that nobody's key is in it. */
  const ask = async (...objects: WhoQuestion[]) => {
    const until = new Date().toISOString();
    const about = { cluster: 'prod', sync: 'shop-prod', incident: 'incident-1' };
    const wanted: WhoWanted = { type: 'WhoWanted', ...about, since, until, objects };
    const sent: unknown[] = [];
    const answers = { send: async (answer: unknown) => void sent.push(answer) };
    const answer = await attribution({ wanted, run: 'run-1', now: new Date() }, { log: auditLog, answers });
    expect(sent).toEqual([answer]);
    expect(attributedSchema.parse(JSON.parse(JSON.stringify(answer)))).toEqual(answer);
    expect(JSON.stringify(answer)).not.toContain(canary);
    return answer.objects;
  };
  return { kubectl, events, ask };
}

const manifests = `
apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "web:1.4.0" }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: settings, namespace: shop }
data: { mode: bright }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web, namespace: shop }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: 'odd" or verb = "x|name' }
rules: []
`;
const web = 'apps/Deployment/shop/web';
const untold = (object: string, gone = false): WhoQuestion => ({ object, gone, tools: [], untold: true });

/** The question about the tools that `managedFields` name, but for the first one, which made the object. */
async function told(kubectl: (who: string, args: string) => Promise<string>): Promise<WhoQuestion> {
  const answer = await kubectl('ada', 'get deployment web -n shop -o json --show-managed-fields');
  const { metadata } = JSON.parse(answer) as { metadata: { managedFields: { manager: string; time?: string }[] } };
  const entries = metadata.managedFields.filter(({ manager }) => manager !== 'windlass');
  // One that came by the subresource `scale` has no time.
  const tools = entries.map(({ manager, time }) => ({ manager, ...(time && { at: new Date(time).toISOString() }) }));
  return { object: web, gone: false, tools, untold: false };
}

describeWithCluster('who is behind a drift, by the events of a real API server', () => {
  it('names the person of each change, by the tool and the time that managedFields give', async () => {
    const { kubectl, events, ask } = await audited();
    await kubectl('puller', 'apply --server-side --field-manager windlass -f -', { input: manifests });
    await kubectl('carol', 'set image deployment/web -n shop web=web:tried --dry-run=server');
    await kubectl('ada', 'set image deployment/web -n shop web=web:hotfix');
    await kubectl('puller', 'annotate deployment web -n shop note=ours');
    const { tools, ...rest } = await told(kubectl);
    expect(tools.map(({ manager }) => manager).sort()).toEqual(['kubectl-annotate', 'kubectl-set']);
    const question = { ...rest, tools: tools.filter(({ manager }) => manager === 'kubectl-set') };
    expect(await ask(question)).toEqual([
      {
        object: web,
        requests: [
          {
            at: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
            verb: 'patch',
            person: arnOf('ada'),
            userAgent: expect.stringMatching(/^kubectl\/v1\.35/),
            sourceIp: '127.0.0.1',
          },
        ],
      },
    ]);

    await kubectl('carol', 'scale deployment web -n shop --replicas 5');
    await kubectl('ci', 'label deployment web -n shop team=a');
    await kubectl('ada', 'edit deployment web -n shop', { editor: 'sed -i s/web:hotfix/web:edited/' });
    const managers = (await told(kubectl)).tools.map(({ manager }) => manager);
    expect(managers.sort()).toEqual(['kubectl', 'kubectl-annotate', 'kubectl-edit', 'kubectl-label']);
    const [answer] = await ask(await told(kubectl));
    expect(answer?.requests.map(({ person, verb, on }) => [person, verb, on])).toEqual([
      [arnOf('carol'), 'patch', 'scale'],
      ['system:serviceaccount:ci:deploy', 'patch', undefined],
      [arnOf('ada'), 'patch', undefined],
    ]);
    expect(answer).not.toHaveProperty('note');

    // What the answers are read from is in every event, before what was sent and what came back.
    for (const { message } of await events()) {
      const whole = JSON.parse(message) as { objectRef?: object; user: { extra?: { arn?: string[] } } };
      const found = Object.keys(fieldsOf(message));
      for (const name of auditFields.slice(1, 4)) expect(found).toContain(name);
      if (whole.user.extra?.arn !== undefined) expect(found).toContain('user.extra.arn.0');
      for (const key of Object.keys(whole.objectRef ?? {})) expect(found).toContain(`objectRef.${key}`);
      expect(found).toContain('responseStatus.code');
    }
  });

  it('names who deleted a thing, all of its kind, or its namespace, and not who was refused or only tried', async () => {
    const { kubectl, ask } = await audited();
    await kubectl('puller', 'apply --server-side --field-manager windlass -f -', { input: manifests });
    await expect(kubectl('bob', 'delete deployment web -n shop')).rejects.toThrow('forbidden');
    await kubectl('carol', 'delete deployment web -n shop --dry-run=server');
    expect((await ask(untold(web, true)))[0]).toEqual({
      object: web,
      requests: [],
      note: expect.stringMatching(/^the audit log has no such request between \S+Z and \S+Z$/),
    });
    await kubectl('ada', 'delete configmap settings -n shop --wait=false');
    await kubectl('ci', 'delete --raw /api/v1/namespaces/shop/configmaps');
    await kubectl('carol', 'delete namespace shop --wait=false');
    const gone = ['ConfigMap/shop/settings', 'ConfigMap/shop/web', web].map((object) => untold(object, true));
    const answers = await ask(...gone);
    expect(answers.map(({ requests }) => requests.map(({ person, on }) => [person, on]))).toEqual([
      [
        [arnOf('ada'), undefined],
        ['system:serviceaccount:ci:deploy', 'all configmaps'],
        [arnOf('carol'), 'its namespace'],
      ],
      [
        ['system:serviceaccount:ci:deploy', 'all configmaps'],
        [arnOf('carol'), 'its namespace'],
      ],
      [[arnOf('carol'), 'its namespace']],
    ]);
  });

  it('finds an object whose name would be a query of its own, and nobody else by it', async () => {
    const { kubectl, ask } = await audited();
    await kubectl('puller', 'apply --server-side --field-manager windlass -f -', { input: manifests });
    const rule = '[{"op":"add","path":"/rules/0","value":{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}}]';
    const path = `/apis/rbac.authorization.k8s.io/v1/clusterroles/${encodeURIComponent('odd" or verb = "x|name')}`;
    const input = JSON.stringify({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'odd" or verb = "x|name' },
      rules: [JSON.parse(rule)[0].value],
    });
    await kubectl('carol', `replace --raw ${path} -f -`, { input });
    await kubectl('ada', 'label deployment web -n shop team=a');
    const answers = await ask(untold('rbac.authorization.k8s.io/ClusterRole/odd" or verb = "x|name'));
    expect(answers[0]?.requests.map(({ person, verb }) => [person, verb])).toEqual([[arnOf('carol'), 'update']]);
  });

  it('knows the plural of every kind that an API server has', async () => {
    const { kubectl } = await audited();
    const table = await waitFor(() => kubectl('ada', 'api-resources --no-headers'), {
      what: 'the API server to answer',
    });
    const kinds = table
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/));
    expect(kinds.length).toBeGreaterThan(50);
    const strange = kinds.filter((columns) => !isPluralOf(columns[0]!, columns.at(-1)!));
    expect(strange).toEqual([]);
  });
});
