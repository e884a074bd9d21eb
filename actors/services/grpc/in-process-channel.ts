import { status, type ServiceError } from '@grpc/grpc-js';
import { systemClock } from '@trolley/runtime';
import { metadataOf } from './call-metadata.ts';
import { cancelled, type Channel, serviceError } from './channel.ts';
import { fromGrpcError } from './grpc-status.ts';
import type { InProcessServer } from './in-process-server.ts';

/** What grpc-js takes of an answer. */
const maxResponseBytes = 4 * 1024 * 1024;

/** To a server of this process, without a connection. Messages are copied as bytes, so neither side sees the other's. */
export function openInProcessChannel(server: InProcessServer): Channel {
  let isClosed = false;
  return {
    async call(method, request, timeoutMs, context) {
      const { signal } = context;
      if (hasAborted(signal)) throw cancelled('before it was sent');
      if (isClosed) throw fromGrpcError(serviceError(status.UNAVAILABLE, 'the channel is closed'));
      const bytes = method.requestSerialize(request);
      const metadata = metadataOf(context);
      const { answered, end } = server.dispatch({ path: method.path, request: bytes, metadata, timeoutMs });
      const abort = () => end(status.CANCELLED, 'the caller has gone');
      signal?.addEventListener('abort', abort, { once: true });
      const cancel = systemClock.schedule(Math.max(0, timeoutMs), () =>
        end(status.DEADLINE_EXCEEDED, 'no answer in time'),
      );
      try {
        const response = await answered;
        if (response.length > maxResponseBytes) {
          throw serviceError(status.RESOURCE_EXHAUSTED, `the answer has ${response.length} bytes`);
        }
        return method.responseDeserialize(response);
      } catch (error) {
        if (hasAborted(signal)) throw cancelled('while it ran', error);
        throw fromGrpcError(error as ServiceError);
      } finally {
        cancel();
        signal?.removeEventListener('abort', abort);
      }
    },
    // What is under way ends by its own deadline.
    close: () => (isClosed = true),
  };
}

function hasAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
