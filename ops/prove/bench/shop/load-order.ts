import type { TokenSettings } from '../../../shop/token.ts';

/** What the generator is told at its start. */
export interface GeneratorSettings {
  readonly shopUrl: string;
  /** Of an empty Koa route. */
  readonly emptyUrl: string;
  /** Undefined: it is another program that offers the same, and asks nobody for a token. */
  readonly tokens: TokenSettings | undefined;
  /** How many there are. */
  readonly products: number;
}

export type LoadName =
  'empty' | 'cart' | 'products' | 'adds' | 'steadyAdds' | 'overload' | 'hotCart' | 'checkouts' | 'alone';

export interface Load {
  readonly durationMs: number;
  /** Of a load that keeps to a rate. */
  readonly perSecond?: number;
}

export type LoadOrder<Name extends string> =
  | ({ readonly do: Name } & Load)
  /** Reads every cart and holds it against what was answered; `operations` of the result are the orders there must be. */
  | { readonly do: 'audit' };

export type GeneratorOrder = LoadOrder<LoadName>;
