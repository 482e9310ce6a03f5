// Puts the programs and the places of charts behind what renders.
import { join } from 'node:path';
import { cacheDir } from '../adapters/local/cache-dir.ts';
import { openKustomizer } from '../adapters/renderers/kustomizer.ts';
import type { ChartSource, Helm, Renderers } from '../desired/ports.ts';
import { printable } from '../model/drift-text.ts';
import { ecrRepository } from '../model/ecr.ts';
import type { ImageSource } from '../model/image-contents.ts';
import type { Io } from './command.ts';

/** kustomize, helm and charts, by the programs that run here, which are looked for when they are first needed; `note` hears remarks. */
export function renderers(
  io: Io,
  note: (text: string) => void = (text) => io.stderr.write(`note: ${text}\n`),
): Renderers {
  return {
    kustomizer: openKustomizer({ env: io.env, note }),
    helm: helm(io, note),
    charts: charts(io, note),
  };
}

/** Loaded when a sync has a chart. */
function helm(io: Io, note: (text: string) => void): Helm {
  const opened = onceAsked(async () => (await import('../adapters/renderers/helm.ts')).openHelm({ env: io.env, note }));
  return {
    template: async (request) => (await opened()).template(request),
    version: async () => (await opened()).version(),
  };
}

/** Loaded when a chart is outside of the repo. */
function charts(io: Io, note: (text: string) => void): ChartSource {
  const opened = onceAsked(() => publishedCharts(io, note));
  return { files: async (chart) => (await opened()).files(chart) };
}

function onceAsked<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    opened ??= open();
    return opened;
  };
}

/** Charts of Amazon ECR by AWS's usual credentials, of other registries by what `docker login` left. */
async function publishedCharts(io: Io, note: (text: string) => void): Promise<ChartSource> {
  const { openChartSource } = await import('../adapters/renderers/charts/source.ts');
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
      const { dockerConfig } = await import('./wiring-bump.ts');
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
