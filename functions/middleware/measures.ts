import { Metrics } from '@aws-lambda-powertools/metrics';
import type { MiddlewareObj } from '@middy/core';
import { type MetricName, metricDimension, metricNamespace, metrics as units } from '../../lib/config/metric-names.ts';

/** Windlass's own metrics, as one line of CloudWatch's embedded format an invocation. */
export interface Measures {
  /** Notes a value; several of the same name in one invocation are all told. */
  add(name: MetricName, value: number): void;
  /** Writes what was noted since the last time, if anything was. */
  publish(): void;
}

/** Opens the metrics of a Windlass, by its repo and branch. */
export function openMeasures({ repo, branch }: { repo: string; branch: string }): Measures {
  const metrics = new Metrics({ namespace: metricNamespace });
  // Powertools would add the service: each value of another dimension is a metric of its own, and is paid for.
  metrics.clearDefaultDimensions();
  metrics.setDefaultDimensions({ [metricDimension]: `${repo}@${branch}` });
  return {
    add: (name, value) => void metrics.addMetric(name, units[name].unit, value),
    publish: () => {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    },
  };
}

/** Writes the metrics of an invocation when it ends, also where it fails. */
export function publishMeasures<Input, Answer>(measures: Measures): MiddlewareObj<Input, Answer> {
  const publish = () => measures.publish();
  return { name: 'publish-measures', after: publish, onError: publish };
}
