// Puts the programs and the places of charts behind what renders.
import { join } from 'node:path';
import { cacheDir } from '../adapters/local/cache-dir.ts';
import { openChartSource } from '../adapters/renderers/charts/source.ts';
import { openHelm } from '../adapters/renderers/helm.ts';
import { openKustomizer } from '../adapters/renderers/kustomizer.ts';
import type { ChartSource, Renderers } from '../desired/ports.ts';
import { printable } from '../model/drift-text.ts';
import { ecrRepository } from '../model/ecr.ts';
import type { ImageSource } from '../model/image-contents.ts';
import type { Io } from './command.ts';
import { dockerConfig } from './wiring-bump.ts';

/** kustomize, helm and charts, by the programs that run here, which are looked for when they are first needed; `note` hears remarks. */
export function renderers(
  io: Io,
  note: (text: string) => void = (text) => io.stderr.write(`note: ${text}\n`),
): Renderers {
  return {
    kustomizer: openKustomizer({ env: io.env, note }),
    helm: openHelm({ env: io.env, note }),
    charts: charts(io, note),
  };
}

/** Charts of Amazon ECR by AWS's usual credentials, of other registries by what `docker login` left. */
function charts(io: Io, note: (text: string) => void): ChartSource {
  let oci: ((repository: string) => ImageSource) | undefined;
  let ecr: ((repository: string) => ImageSource) | undefined;
  return openChartSource({
    cacheDir: join(cacheDir(io.env), 'charts'),
    images: async (repository) => {
      if (ecrRepository(repository) !== undefined) {
        ecr ??= (await import('../adapters/aws/ecr.ts')).openEcrDocuments();
        return ecr(repository);
      }
      const { openOciDocuments } = await import('../adapters/registry/open.ts');
      const { dockerCredentials } = await import('../adapters/registry/docker-config.ts');
      const onRemark = (text: string) => note(printable(text));
      oci ??= openOciDocuments({
        credentials: dockerCredentials({ file: dockerConfig(io.env), onRemark }),
        now: io.now,
      });
      return oci(repository);
    },
  });
}
