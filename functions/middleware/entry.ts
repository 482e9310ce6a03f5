import { Logger } from '@aws-lambda-powertools/logger';
import type { Context } from 'aws-lambda';
import { formatProblem, UserError } from '../../lib/model/errors.ts';
import type { Handler } from './chain.ts';
import { openTracer, type Tracer } from './trace.ts';

/** What a function is built with. */
export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  logger: Logger;
  tracer: Tracer;
}

/**
 * The handler that Lambda calls: builds the function at its first event, and keeps it for as long as the sandbox lives. A building that fails is logged
 * with all its problems and thrown, so that the event comes again, and is tried anew then: the environment, a secret or AWS may be well by that time.
 */
export function entry<Event, Answer>(
  serviceName: string,
  build: (surroundings: Surroundings) => Promise<Handler<Event, Answer>>,
): Handler<Event, Answer> {
  let built: Promise<Handler<Event, Answer>> | undefined;
  let watched: Pick<Surroundings, 'logger' | 'tracer'> | undefined;
  return async (event: Event, context: Context) => {
    // Requests are not traced: a trace keeps paths, and that of a Slack webhook or of GitHub's archive is a key.
    watched ??= {
      logger: new Logger({ serviceName }),
      tracer: openTracer({ service: serviceName, env: process.env }),
    };
    const { logger, tracer } = watched;
    built ??= build({ env: process.env, logger, tracer });
    const mine = built;
    const handler = await mine.catch((error: unknown) => {
      if (built === mine) built = undefined;
      const problems = error instanceof UserError ? error.problems.map(formatProblem) : [];
      logger.addContext(context);
      logger.error('the function cannot be set up', { error, problems });
      throw error;
    });
    return await handler(event, context);
  };
}
