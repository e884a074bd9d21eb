import { status, type Metadata, type ServiceError } from '@grpc/grpc-js';
import { type Logger, systemClock } from '@trolley/runtime';
import { LinkedList } from '@trolley/runtime/adapters';
import { serviceError } from './channel.ts';
import type { GrpcObserver } from './grpc-observer.ts';
import { toGrpcFailure } from './grpc-status.ts';
import { ArrivedCall } from './incoming-call.ts';
import { serveCall, type ServedMethod } from './unary-service.ts';

/** A call under way, to be ended from either side. */
export interface DispatchedCall {
  /** The response's bytes; rejects with a `ServiceError`. */
  readonly answered: Promise<Buffer>;
  /** Nobody waits any more: `answered` rejects with the status, and the handler is told. */
  readonly end: (code: status, sentence: string) => void;
}

interface Dispatch {
  readonly path: string;
  readonly request: Buffer;
  readonly metadata: Metadata;
  readonly timeoutMs: number;
}

interface InProcessServerOptions {
  readonly methods: readonly ServedMethod[];
  readonly maxRequestBytes: number;
  readonly logger: Logger;
  readonly observer?: GrpcObserver | undefined;
}

/**
 * The same services as those of a `GrpcServer`, for callers in its own process: the same messages, as bytes, the same
 * limits, deadlines and statuses, and no connection.
 */
export class InProcessServer {
  readonly #methods: ReadonlyMap<string, ServedMethod>;
  readonly #options: InProcessServerOptions;
  readonly #underWay = new LinkedList<DispatchedCall>();
  #isClosed = false;
  #onIdle: () => void = () => undefined;

  constructor(options: InProcessServerOptions) {
    this.#options = options;
    this.#methods = new Map(options.methods.map((served) => [served.method.path, served]));
  }

  dispatch(dispatch: Dispatch): DispatchedCall {
    const { metadata, timeoutMs } = dispatch;
    const deadline = systemClock.monotonic() + timeoutMs;
    const remainingMs = () => deadline - systemClock.monotonic();
    const call = new ArrivedCall({
      path: dispatch.path,
      metadata,
      logger: this.#options.logger,
      remainingMs,
    });
    let refuse: (error: ServiceError) => void = () => undefined;
    const answered = new Promise<Buffer>((resolve, reject) => {
      refuse = reject;
      // As over a network, the handler starts when the caller has had its turn.
      Promise.resolve()
        .then(() => this.#perform(dispatch, call))
        .then(resolve, reject);
    });
    const dispatched: DispatchedCall = {
      answered,
      end: (code, sentence) => {
        call.end();
        refuse(serviceError(code, sentence));
      },
    };
    const leave = this.#underWay.add(dispatched);
    const ended = () => {
      leave();
      if (this.#underWay.isEmpty) this.#onIdle();
    };
    answered.then(ended, ended);
    return dispatched;
  }

  async #perform({ path, request, metadata }: Dispatch, call: ArrivedCall): Promise<Buffer> {
    const { logger, maxRequestBytes, observer } = this.#options;
    if (this.#isClosed) throw serviceError(status.UNAVAILABLE, 'the server has closed');
    const served = this.#methods.get(path);
    if (served === undefined) throw serviceError(status.UNIMPLEMENTED, `the server has no method ${path}`);
    if (request.length > maxRequestBytes) {
      const sentence = `the request has ${request.length} bytes, and may have ${maxRequestBytes}`;
      throw serviceError(status.RESOURCE_EXHAUSTED, sentence);
    }
    const { method } = served;
    try {
      const response = await serveCall(served, method.requestDeserialize(request), call, {
        metadata,
        logger,
        observer,
      });
      return method.responseSerialize(response);
    } catch (error) {
      const { code, details, metadata: trailing } = toGrpcFailure(error, served.statusOf);
      throw serviceError(code, details, trailing);
    }
  }

  /** Takes no more calls, lets those under way end within `withinMs`, then cuts them off. */
  async close(withinMs: number): Promise<void> {
    this.#isClosed = true;
    if (this.#underWay.isEmpty) return;
    await new Promise<void>((resolve) => {
      const cancel = systemClock.schedule(withinMs, resolve);
      this.#onIdle = () => {
        cancel();
        resolve();
      };
    });
    for (const call of this.#underWay.all()) call.end(status.UNAVAILABLE, 'the server has closed');
  }
}
