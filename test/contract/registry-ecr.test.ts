import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { openEcrRegistry } from '../../lib/adapters/aws/ecr.ts';
import { describeWithMiniStack, startMiniStack } from '../helpers/ministack.ts';
import { pushIndexTo, pushTo } from '../helpers/push-image.ts';
import { registrySuite } from './registry-suite.ts';

await describeWithMiniStack('MiniStack', () => {
  // It knows no scans: test/adapters/aws/ecr.test.ts has a stand-in for them.
  registrySuite('ECR', { scans: false }, async () => {
    const { endpoint, region, credentials, account, stop } = await startMiniStack();
    const client = new ECRClient({ endpoint, region, credentials });
    const host = `${account}.dkr.ecr.${region}.amazonaws.com`;
    const made = new Set<string>();
    const makeEmpty = async (repositoryName: string) => {
      if (made.has(repositoryName)) return;
      made.add(repositoryName);
      await client.send(new CreateRepositoryCommand({ repositoryName }));
    };
    return {
      // MiniStack signs no downloads: it names AWS's own address, under which it has the blob itself.
      registry: openEcrRegistry({
        endpoint,
        credentials,
        fetch: (url, init) => fetch(String(url).replace(`https://${host}`, endpoint), init),
      }),
      repository: (path) => `${host}/${path}`,
      push: async (path, tag, image) => {
        await makeEmpty(path);
        return pushTo(endpoint, path, tag, image);
      },
      pushIndex: async (path, tag, images) => {
        await makeEmpty(path);
        return pushIndexTo(endpoint, path, tag, images);
      },
      makeEmpty,
      tellsAll: true,
      stop: async () => {
        client.destroy();
        await stop();
      },
    };
  });
});
