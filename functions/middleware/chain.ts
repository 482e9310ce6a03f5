import type { Logger } from '@aws-lambda-powertools/logger';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import middy, { type MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { type Measures, publishMeasures } from './measures.ts';
import { type Tracer, traceInvocation } from './trace.ts';

/** By what a function is watched. */
export interface Watched {
  logger: Logger;
  /** Absent where a handler runs elsewhere than in AWS. */
  tracer?: Tracer;
  measures?: Measures;
}

/** A function as Lambda calls it. */
export type Handler<Event, Answer> = (event: Event, context: Context) => Promise<Answer>;

/**
 * The chain that every function runs in: the invocation's ids on each line of the log, a trace, the metrics at the end, then the function's own `steps`,
 * which read the event and sort its failures. What a step leaves in `request.event` is what `work` gets.
 */
export function chain<Event, Input, Answer>(
  { logger, tracer, measures }: Watched,
  steps: readonly MiddlewareObj<Input, Answer>[],
  work: (input: Input, context: Context) => Promise<Answer>,
): Handler<Event, Answer> {
  // What takes too long is ended by Lambda with its process. An error just before that would leave both: the work would go on under the next event.
  const handler = middy<Input, Answer>({ timeoutEarlyInMillis: 0 })
    .use(injectLambdaContext(logger, { resetKeys: true }))
    .use(tracer === undefined ? [] : [traceInvocation<Input, Answer>(tracer)])
    .use(measures === undefined ? [] : [publishMeasures<Input, Answer>(measures)])
    .use([...steps])
    .handler(work);
  // The chain begins with Lambda's event, which a step turns into the input.
  return handler as unknown as Handler<Event, Answer>;
}
