import type { CallContext } from '@trolley/runtime';

/** What goes along with a call to a service. */
export interface ServiceCall extends CallContext {
  /** On whose behalf, in decimal; nobody's without it. */
  readonly userId?: string | undefined;
  /** Of a change that is to be made once, however often it is sent: 1 to 512 printable characters. */
  readonly idempotencyKey?: string | undefined;
}
