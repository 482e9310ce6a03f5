import { expect, it } from 'vitest';
import type { Finding } from '../../lib/cli/doctor/finding.ts';
import { desk } from '../cli/repos.ts';
import { crane, describeWithRegistry, pushImage, startRegistry } from '../helpers/registry.ts';

await describeWithRegistry('the part images', () => {
  it('finds what is gone, what fits nothing, and what is not there, image by image', async () => {
    const registry = await startRegistry();
    try {
      for (const tag of ['1.0.0', '1.1.0']) await pushImage(`${registry.host}/web:${tag}`);
      const gone = await pushImage(`${registry.host}/api:2.0.0`);
      await pushImage(`${registry.host}/api:2.1.0`, { content: 'another' });
      await crane('delete', `${registry.host}/api@${gone}`);
      const { run, git } = desk({
        'windlass.yaml': `windlass: 1
images:
  web: { image: "${registry.host}/web", semver: ">=1.0.0" }
  api: { image: "${registry.host}/api", semver: ">=2.0.0" }
  none: { image: "${registry.host}/web", semver: ">=9.0.0" }
  absent: { image: "${registry.host}/absent", semver: ">=1.0.0" }
  away: { image: "127.0.0.1:9/away", semver: ">=1.0.0" }
`,
        'all.yaml': `web: ${registry.host}/web:1.0.0 # {"$imagepolicy": "web"}
api: ${registry.host}/api:2.0.0 # {"$imagepolicy": "api"}
none: ${registry.host}/web:1.0.0 # {"$imagepolicy": "none"}
absent: ${registry.host}/absent:1.0.0 # {"$imagepolicy": "absent"}
away: 127.0.0.1:9/away:1.0.0 # {"$imagepolicy": "away"}
`,
      });
      const head = git.git('rev-parse', 'main');
      const { code, stdout, stderr } = await run('doctor', '--repo', git.bare, '--only', 'images', '--json');
      const { findings } = JSON.parse(stdout) as { findings: Finding[] };
      const of = (name: string) => findings.filter(({ what }) => what === name);
      expect(of('web'), stderr).toMatchObject([
        { result: 'ok', text: `${registry.host}/web: Git has 1.0.0, the policy chooses 1.1.0` },
      ]);
      expect(of('api')).toMatchObject([
        {
          result: 'wrong',
          text: `Git has ${registry.host}/api:2.0.0, and the registry has it no more: no new pod can start with it`,
          mend: expect.stringContaining('push the tag again'),
        },
      ]);
      expect(of('none')).toMatchObject([{ result: 'wrong', mend: expect.stringContaining('windlass policy test') }]);
      expect(of('absent')).toMatchObject([{ result: 'wrong', mend: expect.any(String) }]);
      expect(of('away')).toMatchObject([{ result: 'unchecked' }]);
      expect(code).toBe(1);
      expect(git.git('rev-parse', 'main'), 'nothing was committed').toBe(head);
    } finally {
      await registry.stop();
    }
  });
});
