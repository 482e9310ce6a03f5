import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from '@aws-lambda-powertools/logger';
import { openEcrDocuments } from '../../lib/adapters/aws/ecr.ts';
import { openOciDocuments } from '../../lib/adapters/registry/open.ts';
import { openChartSource } from '../../lib/adapters/renderers/charts/source.ts';
import { openHelm } from '../../lib/adapters/renderers/helm.ts';
import { openKustomizer } from '../../lib/adapters/renderers/kustomizer.ts';
import type { Renderers } from '../../lib/desired/ports.ts';
import { ecrRepository } from '../../lib/model/ecr.ts';

/** kubectl and helm of the function's layer; charts of ECR as the function's role, of other registries as nobody. */
export function openRenderers(env: Readonly<Record<string, string | undefined>>, logger: Logger): Renderers {
  const programs = { env, note: (text: string) => logger.info(text) };
  const [ecr, oci] = [openEcrDocuments(), openOciDocuments()];
  return {
    kustomizer: openKustomizer(programs),
    helm: openHelm(programs),
    charts: openChartSource({
      cacheDir: join(tmpdir(), 'windlass-charts'),
      images: async (repository) => (ecrRepository(repository) === undefined ? oci : ecr)(repository),
    }),
  };
}
