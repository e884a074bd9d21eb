import type { Metadata, ServiceDefinition } from '@grpc/grpc-js';
import { codeOf, isActorError, type Logger, systemClock } from '@trolley/runtime';
import { traceIdOf } from '@trolley/runtime/adapters';
import { type GrpcStatusName, RpcError, rpcStatusOf, type StatusOf } from './rpc-error.ts';
import { refuseMalformedUser } from './call-metadata.ts';
import type { GrpcObserver, ServedReport } from './grpc-observer.ts';
import { type ArrivedCall, type IncomingCall, throwIfOver } from './incoming-call.ts';
import type { RequestOf, ResponseOf, UnaryMethod } from './unary-method.ts';

/** A handler for each method of a generated service definition; a missing one does not compile. */
export type UnaryHandlers<D> = {
  readonly [M in keyof D]: (
    request: RequestOf<D[M]>,
    call: IncomingCall,
  ) => ResponseOf<D[M]> | Promise<ResponseOf<D[M]>>;
};

/** A method with what answers it. */
export interface ServedMethod {
  readonly method: UnaryMethod<unknown, unknown>;
  readonly answer: (request: unknown, call: IncomingCall) => unknown;
  /** The gRPC status that each code of its errors leaves as. */
  readonly statusOf: StatusOf;
}

export interface UnaryService {
  /** Full name, e.g. `payment.PaymentService`. */
  readonly name: string;
  readonly definition: ServiceDefinition;
  /** By their names in the definition. */
  readonly methods: Readonly<Record<string, ServedMethod>>;
}

/** Handlers that return or throw, of the methods of a service. */
export function unaryService<D extends object>(
  definition: D,
  handlers: UnaryHandlers<D>,
  statusOf: StatusOf = rpcStatusOf,
): UnaryService {
  const defined = definition as Readonly<Record<string, UnaryMethod<unknown, unknown>>>;
  const answerOf = handlers as unknown as Readonly<Record<string, ServedMethod['answer']>>;
  const methods = Object.entries(defined).map(([name, method]) => {
    const answer = answerOf[name];
    if (answer === undefined) throw new RpcError('unimplemented', `no handler for ${method.path}`);
    return [name, { method, answer, statusOf }] as const;
  });
  const path = methods[0]?.[1].method.path ?? '';
  return {
    name: path.split('/')[1] ?? '',
    definition: definition as ServiceDefinition,
    methods: Object.fromEntries(methods),
  };
}

interface Served {
  readonly metadata: Metadata;
  readonly logger: Logger;
  readonly observer: GrpcObserver | undefined;
}

/** Performs one call that has arrived, in its trace where calls are traced. */
export function serveCall(
  method: ServedMethod,
  request: unknown,
  call: ArrivedCall,
  served: Served,
): Promise<unknown> {
  const { observer } = served;
  if (observer?.aroundServed === undefined) return answerCall(method, request, call, served);
  const begun = { rpc: call.path, trace: call, statusOf: method.statusOf };
  return observer.aroundServed(begun, (trace) => {
    call.goOnUnder(trace);
    return answerCall(method, request, call, served);
  });
}

/** An `ActorError` is a refusal; anything else was not foreseen, and is logged. */
async function answerCall(
  { answer, statusOf }: ServedMethod,
  request: unknown,
  call: ArrivedCall,
  { metadata, logger, observer }: Served,
): Promise<unknown> {
  const startedAt = systemClock.monotonic();
  const about = () => {
    const { path: rpc, requestId, userId, traceparent } = call;
    return {
      rpc,
      requestId,
      userId,
      trace_id: traceIdOf(traceparent),
      durationMs: Math.round(systemClock.monotonic() - startedAt),
    };
  };
  const ended = (status: ServedReport['status']) =>
    observer?.served?.({ rpc: call.path, status, ms: systemClock.monotonic() - startedAt });
  try {
    if (call.timeoutMs <= 0) call.end();
    throwIfOver(call);
    refuseMalformedUser(metadata);
    const response = await answer(request, call);
    ended('OK');
    if (logger.isLevelEnabled('debug')) logger.debug(about(), 'answered');
    return response;
  } catch (error) {
    const code = codeOf(error);
    const status = statusOf(code);
    ended(status);
    // What is refused as there is too much to do, its server tells once for many.
    const isShed = isActorError(error) && error.details?.['overloaded'] === true;
    const level = isShed ? 'debug' : levelOf(status);
    const cause = level === 'error' || level === 'warn' ? { err: error } : {};
    if (logger.isLevelEnabled(level)) logger[level]({ ...about(), code, ...cause }, 'refused');
    throw error;
  }
}

function levelOf(status: GrpcStatusName): 'debug' | 'warn' | 'error' {
  if (status === 'INTERNAL') return 'error';
  const mayPass = ['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'ABORTED', 'RESOURCE_EXHAUSTED'].includes(status);
  return mayPass ? 'warn' : 'debug';
}
