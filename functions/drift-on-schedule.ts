import { randomUUID } from 'node:crypto';
import { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { type DriftDeps, type DriftRequest, drift } from '../lib/drift/drift.ts';
import { unusedRules } from '../lib/drift/rule-notices.ts';
import type { DriftSettings } from '../lib/kube/drift-rules.ts';
import type { Problem } from '../lib/model/errors.ts';
import type { DriftFound } from '../lib/model/messages.ts';

/** One sync and what its check works with. */
export interface CheckedSync {
  sync: DriftRequest['sync'];
  /** What windlass.yaml says about drift. */
  settings?: DriftRequest['settings'];
  /** Where objects that nobody declared are drift. */
  unmanaged?: DriftRequest['unmanaged'];
  /** What the report flow has to know to tell people in time. */
  telling?: DriftRequest['telling'];
  deps: DriftDeps;
}

/** What the function works with. */
export interface DriftOnScheduleDeps {
  /** All syncs, asked for at each run: windlass.yaml may have changed. Opening one may fail and must not touch the others. */
  syncs(): Promise<{ name: string; open(): Promise<CheckedSync> }[]>;
  now: () => Date;
  /** Is told of rules of drift.ignore that found nothing to do in a whole run; they are logged, unless told. */
  unusedRules?: (rules: Problem[]) => void;
  /** One that logs as Lambda expects it, unless told. */
  logger?: Logger;
}

/** What one run did. */
export interface DriftRun {
  checked: string[];
  failed: string[];
}

/**
 * The handler of the schedule: checks every sync, all at once. One sync's trouble stops no other; after all are done it throws when any
 * could not be checked, so that the run counts as failed.
 */
export function driftOnSchedule(deps: DriftOnScheduleDeps): (event: unknown, context: Context) => Promise<DriftRun> {
  const logger = deps.logger ?? new Logger({ serviceName: 'windlass-drift' });
  const handler = middy<unknown, DriftRun>()
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .handler(() => checkAll(deps, logger));
  return handler as unknown as (event: unknown, context: Context) => Promise<DriftRun>;
}

async function checkAll(deps: DriftOnScheduleDeps, logger: Logger): Promise<DriftRun> {
  const { syncs, now } = deps;
  const run: DriftRun = { checked: [], failed: [] };
  const findings: DriftFound[] = [];
  let settings: DriftSettings | undefined;
  const check = async ({ name, open }: Awaited<ReturnType<typeof syncs>>[number]) => {
    try {
      const opened = await open();
      settings = opened.settings;
      findings.push(await drift({ ...opened, run: randomUUID(), now: now() }, opened.deps));
      run.checked.push(name);
    } catch (error) {
      logger.error(`sync ${name} could not be checked`, error as Error);
      run.failed.push(name);
    }
  };
  await Promise.all((await syncs()).map(check));
  if (run.failed.length > 0) throw new Error(`could not check ${run.failed.sort().join(', ')}`);
  const unused = settings === undefined ? [] : unusedRules(settings, findings, now());
  if (unused.length > 0) (deps.unusedRules ?? log(logger))(unused);
  return { checked: run.checked.sort(), failed: [] };
}

function log(logger: Logger): (rules: Problem[]) => void {
  return (rules) => {
    for (const { message } of rules) logger.warn(message);
  };
}
