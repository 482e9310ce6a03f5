import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type AwsWorld, registry, startAwsWorld } from '../helpers/aws-world.ts';
import { windlass } from '../helpers/io.ts';
import { describeWithMiniStack } from '../helpers/ministack.ts';
import { describeWithStandins } from '../standins/describe.ts';

const files = {
  'windlass.yaml': `windlass: 1
images:
  web: { image: ${registry}/shop/web, semver: ">=1.0.0" }
notify:
  routes: [{ on: [drift], slack: { channel: "#oncall", secret: slack-bot } }, { on: [bumped], sns: deploys }]
`,
  'apps/web.yaml': `image: ${registry}/shop/web:1.0.0 # {"$imagepolicy": "web"}\n`,
};

await describeWithMiniStack('bootstrap in AWS', () => {
  describeWithStandins('with GitHub and Slack', () => {
    let world: AwsWorld;
    let closeApi: () => Promise<void>;
    beforeAll(async () => {
      world = await startAwsWorld({ files, props: { notifySecrets: ['slack-bot'], topics: ['deploys'] } });
      await world.push('shop/web', '1.0.0');
      const api = await world.github.listen();
      closeApi = api.close;
      vi.stubEnv('WINDLASS_GITHUB_API_URL', `${api.url}/api/v3`);
      vi.stubEnv('AWS_ENDPOINT_URL', world.aws.endpoint);
      vi.stubEnv('AWS_REGION', world.aws.region);
      vi.stubEnv('AWS_ACCESS_KEY_ID', world.aws.credentials.accessKeyId);
      vi.stubEnv('AWS_SECRET_ACCESS_KEY', world.aws.credentials.secretAccessKey);
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await closeApi?.();
      await world?.close();
    });

    it('is answered by the functions as they are deployed, the first and the second time', async () => {
      for (const time of [1, 2]) {
        const ran = await windlass(['bootstrap', '--json']);
        const { steps, dashboard } = JSON.parse(ran.stdout) as {
          steps: { step: string; text: string }[];
          dashboard: string;
        };
        const textOf = (name: string) => steps.find(({ step }) => step === name)?.text;
        expect(ran.code, ran.stderr).toBe(0);
        expect(textOf('stack')).toBe('Windlass in eu-west-1, for acme/config and its branch main');
        expect(textOf('github')).toContain('as GitHub App 7');
        expect(textOf('event')).toBe('bump looked at web (1.0.0)');
        expect(textOf('message')).toBe('sent to slack:slack-bot:#oncall, sns:deploys');
        expect(dashboard).toMatch(/^https:\/\//);
        expect(world.slack.posts).toHaveLength(time);
        for (const secret of world.secrets) expect(JSON.stringify(ran)).not.toContain(secret);
      }
      await world.posted('A test of Windlass for acme/config');
      expect(world.github.log()).toHaveLength(1);
    });
  });
});
