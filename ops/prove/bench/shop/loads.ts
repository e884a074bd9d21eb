import { setTimeout as delay } from 'node:timers/promises';
import type { Cart } from '../../../../gateway/client/index.ts';
import type { ApiRequest } from './api.ts';
import type { NamedLoads } from './answer-orders.ts';
import { HttpConnection } from '../load/http-connection.ts';
import { closedLoop, openLoop, type LoadResult, type Operation } from '../load/loops.ts';
import type { GeneratorSettings, Load, LoadName } from './load-order.ts';
import {
  add,
  addUnlessRefused,
  auditCart,
  checkout,
  isFull,
  isOrdered,
  linesOfCart,
  type Shopper,
  Shoppers,
} from './shoppers.ts';

const clients = 32;
const addingUsers = 1_000;
/** Of the overload: as many carts as there are, each asked for by one at a time. */
const overloadConnections = addingUsers;
/** Of the steady load: more than are ever under way while it holds. */
const steadyConnections = 128;
/** Between two looks for an order, from the second one on: 32 of them would else do little but look. */
const pollMs = 2;

interface Users {
  readonly readers: Shopper[];
  readonly adders: Shopper[];
  readonly buyers: Shopper[];
  readonly alone: Shopper[];
  readonly hot: Shopper[];
}

/** What the generator can do. Its users stay from one load to the next, so that the shop holds as many in each round. */
export class Loads implements NamedLoads<LoadName> {
  readonly #settings: GeneratorSettings;
  readonly #shoppers: Shoppers;
  readonly #users: Users;
  readonly #spare: Shopper[] = [];

  private constructor(settings: GeneratorSettings, shoppers: Shoppers, users: Users) {
    this.#settings = settings;
    this.#shoppers = shoppers;
    this.#users = users;
  }

  static async open(settings: GeneratorSettings): Promise<Loads> {
    const shoppers = new Shoppers(settings.tokens);
    const users = {
      readers: await shoppers.make(clients),
      adders: await shoppers.make(addingUsers),
      buyers: await shoppers.make(clients),
      alone: await shoppers.make(1),
      hot: await shoppers.make(1),
    };
    const connection = await HttpConnection.open(settings.shopUrl);
    for (const reader of users.readers) {
      for (let line = 0; line < linesOfCart; line++) await add(connection, reader);
    }
    connection.close();
    return new Loads(settings, shoppers, users);
  }

  readonly byName: Readonly<Record<LoadName, (load: Load) => Promise<LoadResult>>> = {
    empty: (load) => {
      const operation = reading(
        () => ({ send: ['GET', '/'], wanted: 200 }),
        (body) => body.toString() === 'ok',
      );
      return closedLoop({ url: this.#settings.emptyUrl, clients, ...load }, operation);
    },
    cart: (load) =>
      this.#closed(
        clients,
        load,
        reading((client) => cartOf(this.#users.readers, client), isCart),
      ),
    products: (load) => {
      const { products } = this.#settings;
      const path = `/api/v1/products?page_size=${products}`;
      const request = (client: number): ApiRequest => ({
        send: ['GET', path, this.#users.readers[client]?.token],
        wanted: 200,
      });
      return this.#closed(
        clients,
        load,
        reading(request, (body) => areInStock(body, products)),
      );
    },
    adds: async (load) => {
      await this.#prepareSpare(load);
      const next = eachItsOwn(this.#users.adders, clients);
      return this.#closed(clients, load, async (connection, client) => {
        await add(connection, this.#adder(this.#users.adders, next(client)));
      });
    },
    steadyAdds: async (load) => {
      await this.#prepareSpare(load);
      const next = eachItsOwn(this.#users.adders, steadyConnections);
      const open = { url: this.#settings.shopUrl, connections: steadyConnections, perSecond: 1, ...load };
      return openLoop(open, async (connection, client) => {
        await add(connection, this.#adder(this.#users.adders, next(client)));
      });
    },
    overload: async (load) => {
      await this.#prepareSpare({ durationMs: load.durationMs * 3 });
      const next = eachItsOwn(this.#users.adders, overloadConnections);
      const open = { url: this.#settings.shopUrl, connections: overloadConnections, perSecond: 1, ...load };
      return openLoop(open, async (connection, client, step) => {
        const startedAt = performance.now();
        const cart = await addUnlessRefused(connection, this.#adder(this.#users.adders, next(client)));
        step(cart === undefined ? 'refused' : 'let in', performance.now() - startedAt);
      });
    },
    hotCart: async (load) => {
      await this.#prepareSpare(load);
      return this.#closed(clients, load, async (connection) => {
        await add(connection, this.#adder(this.#users.hot, 0));
      });
    },
    checkouts: (load) => this.#closed(clients, load, buying(this.#users.buyers, pollMs)),
    alone: (load) => this.#closed(1, load, buying(this.#users.alone, 0)),
  };

  async audit(): Promise<number> {
    const connection = await HttpConnection.open(this.#settings.shopUrl);
    for (const shopper of this.#shoppers.all) await auditCart(connection, shopper);
    connection.close();
    return this.#shoppers.all.reduce((orders, shopper) => orders + shopper.orders, 0);
  }

  #closed(count: number, load: Load, operation: Operation): Promise<LoadResult> {
    return closedLoop({ url: this.#settings.shopUrl, clients: count, ...load }, operation);
  }

  /** Users who take the place of those whose carts are full, as many as can be in this time. */
  async #prepareSpare({ durationMs }: Load): Promise<void> {
    const wanted = Math.ceil(durationMs / 25);
    this.#spare.push(...(await this.#shoppers.make(Math.max(0, wanted - this.#spare.length))));
  }

  #adder(places: Shopper[], index: number): Shopper {
    const current = places[index];
    if (current !== undefined && !isFull(current)) return current;
    const successor = this.#spare.pop();
    if (successor === undefined) throw new Error('all carts are full, and no user is left');
    places[index] = successor;
    return successor;
  }
}

/** The places in turn, no two clients having one in common. */
function eachItsOwn(places: readonly unknown[], count: number): (client: number) => number {
  const next = Array.from({ length: count }, (_, client) => client);
  return (client) => {
    const index = next[client] ?? client;
    next[client] = index + count < places.length ? index + count : client;
    return index;
  };
}

/** Reads the same over and over. A body that is not the one before is looked into. */
export function reading(
  requestOf: (client: number) => ApiRequest,
  isRight: (body: Buffer) => boolean,
): Operation {
  const requests: ApiRequest[] = [];
  const seen: Buffer[] = [];
  return async (connection, client) => {
    const { send, wanted } = (requests[client] ??= requestOf(client));
    const { status, body } = await connection.send(...send);
    if (status === wanted && seen[client]?.equals(body) === true) return;
    if (status !== wanted || !isRight(body)) {
      throw new Error(`GET ${send[1]} was answered ${status}: ${body.toString()}`);
    }
    seen[client] = Buffer.from(body);
  };
}

function cartOf(readers: readonly Shopper[], client: number): ApiRequest {
  const reader = readers[client];
  if (reader === undefined) throw new Error(`there is no user ${client}`);
  return reader.api.cart(reader);
}

const isCart = (body: Buffer): boolean => (JSON.parse(body.toString()) as Cart).items.length === linesOfCart;

function areInStock(body: Buffer, count: number): boolean {
  const { products } = JSON.parse(body.toString()) as { products: { stock?: number }[] };
  return products.length === count && products.every(({ stock }) => stock !== undefined);
}

/** Adds one product, buys it and waits until the order is there. */
export function buying(users: readonly Shopper[], pauseMs: number): Operation {
  return async (connection, client, step) => {
    const user = users[client];
    if (user === undefined) throw new Error(`there is no user ${client}`);
    const startedAt = performance.now();
    const cart = await add(connection, user);
    const addedAt = performance.now();
    const sold = await checkout(connection, user, cart);
    const soldAt = performance.now();
    while (!(await isOrdered(connection, user, sold))) if (pauseMs > 0) await delay(pauseMs);
    step('add', addedAt - startedAt);
    step('checkout', soldAt - addedAt);
    step('order', performance.now() - soldAt);
  };
}
