import type { Order } from '../../../../gateway/client/index.ts';
import type { TokenSettings } from '../../../shop/token.ts';
import type { NamedLoads } from '../shop/answer-orders.ts';
import { HttpConnection } from '../load/http-connection.ts';
import { closedLoop, type LoadResult, type Operation } from '../load/loops.ts';
import type { Load } from '../shop/load-order.ts';
import { buying, reading } from '../shop/loads.ts';
import { add, auditCart, isFull, Shoppers, type Shopper } from '../shop/shoppers.ts';
import { linesOfCart, ordersOfFew, type Census } from './owners.ts';

export type ScaleLoadName =
  'coldReads' | 'reads' | 'coldAdds' | 'adds' | 'newestOrders' | 'deepOrders' | 'fewOrders' | 'checkouts';

export interface ScaleSettings {
  readonly shopUrl: string;
  readonly tokens: TokenSettings;
  readonly census: Census;
  /** Whose carts are asked for now and then, each once in a load. */
  readonly cold: readonly number[];
  /** Whose carts are asked for all the time. */
  readonly hot: readonly number[];
  /** Of a page far behind the collector's newest orders. */
  readonly deepToken: string;
}

const clients = 32;
const buyers = 32;
/** Between two looks for an order. */
const pollMs = 2;
/** As many orders as there are in a page that is asked for. */
const pageSize = ordersOfFew;

/** The same work for a shop of any size. */
export class ScaleLoads implements NamedLoads<ScaleLoadName> {
  readonly #settings: ScaleSettings;
  readonly #shoppers: Shoppers;
  readonly #cold: readonly Shopper[];
  readonly #hot: readonly Shopper[];
  readonly #buyers: readonly Shopper[];
  readonly #collector: Shopper;
  readonly #few: Shopper;

  private constructor(settings: ScaleSettings, shoppers: Shoppers, made: readonly Shopper[][]) {
    this.#settings = settings;
    this.#shoppers = shoppers;
    const [cold = [], hot = [], buying = [], [collector, few] = []] = made;
    if (collector === undefined || few === undefined) throw new Error('nobody has orders');
    [this.#cold, this.#hot, this.#buyers, this.#collector, this.#few] = [cold, hot, buying, collector, few];
  }

  static async open(settings: ScaleSettings): Promise<ScaleLoads> {
    const { census, cold, hot, tokens } = settings;
    const shoppers = new Shoppers(tokens);
    const newcomers = Array.from({ length: buyers }, (_, index) => census.size + 1 + index);
    const made = [
      await shoppers.of(cold, filledUnits),
      await shoppers.of(hot, filledUnits),
      await shoppers.of(newcomers),
      // Their carts are none of what is audited.
      await new Shoppers(tokens).of([census.collector, census.few]),
    ];
    return new ScaleLoads(settings, shoppers, made);
  }

  readonly byName: Readonly<Record<ScaleLoadName, (load: Load) => Promise<LoadResult>>> = {
    coldReads: (load) => this.#onceEach(load, this.#cold, auditCart),
    coldAdds: (load) => this.#onceEach(load, this.#cold, add),
    reads: (load) => this.#overAndOver(load, this.#hot, auditCart),
    adds: (load) => this.#overAndOver(load, this.#hot, add),
    newestOrders: (load) => this.#orders(load, this.#collector),
    deepOrders: (load) => this.#orders(load, this.#collector, this.#settings.deepToken),
    fewOrders: (load) => this.#orders(load, this.#few),
    checkouts: (load) => this.#closed(load, buying(this.#buyers, pollMs)),
  };

  async audit(): Promise<number> {
    const connection = await HttpConnection.open(this.#settings.shopUrl);
    for (const shopper of this.#shoppers.all) await auditCart(connection, shopper);
    connection.close();
    return this.#shoppers.all.reduce((orders, shopper) => orders + shopper.orders, 0);
  }

  #closed(load: Load, operation: Operation, operations?: number): Promise<LoadResult> {
    const loop = { url: this.#settings.shopUrl, clients, ...load };
    return closedLoop(operations === undefined ? loop : { ...loop, operations }, operation);
  }

  #onceEach(load: Load, users: readonly Shopper[], act: Act): Promise<LoadResult> {
    let next = 0;
    // However long it takes: all of them, or the next load would find some of them awake and others asleep.
    const whole = { ...load, durationMs: Infinity };
    return this.#closed(whole, (connection) => doFor(users[next++], connection, act), users.length);
  }

  #overAndOver(load: Load, users: readonly Shopper[], act: Act): Promise<LoadResult> {
    const next = Array.from({ length: clients }, (_, client) => client);
    return this.#closed(load, (connection, client) => {
      const index = next[client] ?? client;
      // No two clients have a user in common.
      next[client] = index + clients < users.length ? index + clients : client;
      return doFor(users[index], connection, act);
    });
  }

  #orders(load: Load, user: Shopper, pageToken?: string): Promise<LoadResult> {
    const token = pageToken === undefined ? '' : `&page_token=${pageToken}`;
    const path = `/api/v1/orders?page_size=${pageSize}${token}`;
    const request = { send: ['GET', path, user.token], wanted: 200 } as const;
    return this.#closed(
      load,
      reading(() => ({ ...request, send: [...request.send] }), isPageOf(user)),
    );
  }
}

type Act = (connection: HttpConnection, shopper: Shopper) => Promise<unknown>;

async function doFor(user: Shopper | undefined, connection: HttpConnection, act: Act): Promise<void> {
  if (user === undefined) throw new Error('there is no such user');
  if (act === add && isFull(user))
    throw new Error('all carts are full: measure fewer rounds, or shorter ones');
  await act(connection, user);
}

/** By product, what a cart holds that was filled in. */
const filledUnits: readonly number[] = [0, ...Array.from({ length: linesOfCart }, () => 1)];

const isPageOf =
  ({ id }: Shopper) =>
  (body: Buffer): boolean => {
    const orders = JSON.parse(body.toString()) as Order[];
    return orders.length === pageSize && orders.every((order) => order.user_id === id);
  };
