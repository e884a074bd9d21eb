import type { ParameterizedContext } from 'koa';
import type { Caller } from './auth/caller.ts';

/** What one request carries through the middleware. */
export interface ConsoleState {
  readonly requestId: string;
  /** Of the sender, by the word of trusted proxies. */
  readonly address: string;
  /** Set once somebody is let in. */
  caller: Caller | undefined;
}

export type ConsoleContext = ParameterizedContext<ConsoleState>;
export type ConsoleMiddleware = (ctx: ConsoleContext, next: () => Promise<void>) => Promise<void>;
