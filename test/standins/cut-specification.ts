/** The part of an OpenAPI description that is looked at here. */
interface Specification {
  paths: Record<string, Record<string, unknown>>;
  components: Record<string, Record<string, unknown>>;
  [other: string]: unknown;
}

/** Paths that are kept: what the stand-in serves and what Windlass may come to use of the same kind. */
const kept =
  /^\/(?:app|app\/installations\/\{installation_id\}\/access_tokens|repos\/\{owner\}\/\{repo\}(?:|\/installation|\/git\/.*|\/branches\/\{branch\}(?:|\/protection)|\/rules\/branches\/\{branch\}|\/rulesets\/\{ruleset_id\}|\/commits(?:|\/\{ref\}|\/\{ref\}\/status|\/\{ref\}\/statuses)|\/compare\/.*|\/tarball\/.*|\/contents\/.*|\/pulls(?:|\/\{pull_number\}(?:|\/merge|\/requested_reviewers))|\/issues\/\{issue_number\}\/(?:labels|comments)|\/statuses\/\{sha\}|\/deployments(?:|\/\{deployment_id\}\/statuses)))$/;

/** GitHub's description without what is not used: 13 MB become about one, which a proxy loads in seconds. */
export function cutSpecification(whole: Specification): Specification {
  const paths = Object.fromEntries(Object.entries(whole.paths).filter(([path]) => kept.test(path)));
  const components: Specification['components'] = {};
  const queue: unknown[] = [paths];
  while (queue.length > 0) {
    for (const [kind, name] of references(queue.pop())) {
      components[kind] ??= {};
      if (name in components[kind]) continue;
      components[kind][name] = whole.components[kind]![name];
      queue.push(components[kind][name]);
    }
  }
  for (const kind of ['examples']) for (const name of Object.keys(components[kind] ?? {})) components[kind]![name] = {};
  return { openapi: whole['openapi'], info: whole['info'], paths, components };
}

function* references(value: unknown): Generator<[kind: string, name: string]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, each] of Object.entries(value)) {
    const match = key === '$ref' && typeof each === 'string' ? /^#\/components\/([^/]+)\/(.+)$/.exec(each) : null;
    if (match !== null) yield [match[1]!, match[2]!];
    else yield* references(each);
  }
}
