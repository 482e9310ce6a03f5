import { expect, it } from 'vitest';
import { groupOf, reviewedPlaces } from '../../lib/bump/route.ts';
import { readConfig } from '../../lib/config/windlass-file.ts';

it('counts a chart and its values files to the environments of their syncs', () => {
  const { config, problems } = readConfig(`windlass: 1
clusters: { main: {} }
environments: { staging: {}, prod: { update: pull-request } }
syncs:
  shop:
    in: [staging, prod]
    path: "apps/{env}"
    helm: { chart: charts/shop, namespace: "shop-{env}", values: ["values/{env}.yaml"] }
`);
  expect(problems).toEqual([]);
  const places = reviewedPlaces(config!, []);
  const group = (path: string) => groupOf({ name: 'web', update: 'commit' }, path, places);
  expect(group('values/prod.yaml')).toBe('prod');
  expect(group('charts/shop/values.yaml')).toBe('prod');
  expect(group('values/staging.yaml')).toBeUndefined();
  expect(group('apps/staging/web.yaml')).toBeUndefined();
});
