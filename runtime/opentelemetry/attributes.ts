import type { Attributes } from '@opentelemetry/api';

interface Addressed {
  readonly type: string;
  readonly key: string;
}

/** Whom a span is about. A key is an attribute and never a part of a name, of which there are to be few. */
export function actorAttributes({ type, key }: Addressed): Attributes {
  return { 'trolley.actor.type': type, 'trolley.actor.key': key };
}

/** An ask is a remote call, and so is what answers it. */
export function messageAttributes(message: Addressed & { readonly message: string }): Attributes {
  return {
    ...actorAttributes(message),
    'rpc.system.name': 'trolley',
    'rpc.method': `${message.type}/${message.message}`,
  };
}
