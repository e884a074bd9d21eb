import type { CallContext } from './call-context.ts';
import { createRef, type MessageSender } from './create-ref.ts';
import type { ActorRefs } from './ref.ts';

/**
 * Refs that ask and tell on behalf of a call: under its request id and trace, and for no longer than its signal says,
 * unless the options of a message say otherwise.
 */
export function refsOfCall(refs: ActorRefs, call: CallContext): ActorRefs {
  const sender: MessageSender = {
    ask({ contract, key, name, input }, options) {
      const { requestId, traceparent, tracestate, signal } = call;
      const merged = { requestId, traceparent, tracestate, signal, ...options };
      return refs.ref(contract, key).ask(name as never, input, merged);
    },
    tell({ contract, key, name, input }, options) {
      const { requestId, traceparent, tracestate } = call;
      return refs.ref(contract, key).tell(name, input, { requestId, traceparent, tracestate, ...options });
    },
  };
  return { ref: (contract, key) => createRef(sender, contract, key) };
}
