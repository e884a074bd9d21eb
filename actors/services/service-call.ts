import type { CallContext } from '@trolley/runtime';

/** What goes along with a call to a service. */
export interface ServiceCall extends CallContext {
  /** On whose behalf, in decimal; nobody's without it. */
  readonly userId?: string | undefined;
}
