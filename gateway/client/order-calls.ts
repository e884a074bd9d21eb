import type { Order } from './api.ts';
import type { CallOptions, Calls, ChangeOptions, PageQuery } from './calls.ts';

export interface OrderPage {
  /** Newest first. */
  readonly orders: readonly Order[];
  /** Absent on the last page. */
  readonly next_page_token?: string;
}

export class OrderCalls {
  readonly #calls: Calls;

  constructor(calls: Calls) {
    this.#calls = calls;
  }

  /** Own ones. Refused: `invalid_page_token`. */
  async list(query?: PageQuery, options?: CallOptions): Promise<OrderPage> {
    const { headers, body } = await this.#calls.read<Order[]>('/api/v1/orders', query, options);
    const token = headers.get('x-next-page-token');
    return { orders: body, ...(token === null ? {} : { next_page_token: token }) };
  }

  /** Refused: `not_found`. */
  async get(orderId: string, options?: CallOptions): Promise<Order> {
    return (await this.#calls.read<Order>(pathOf(orderId), {}, options)).body;
  }

  /** Refunds and restocks. Refused: `not_found`, `conflict` once shipped. */
  async cancel(orderId: string, options?: ChangeOptions): Promise<Order> {
    return (await this.#calls.change<Order>('POST', `${pathOf(orderId)}/cancel`, {}, options)).body;
  }

  /** For admins. Refused: `not_found`, `conflict` for a move that the order's life does not have. */
  async setStatus(orderId: string, status: Order['status'], options?: ChangeOptions): Promise<Order> {
    const body = { status };
    return (await this.#calls.change<Order>('PATCH', `${pathOf(orderId)}/status`, { body }, options)).body;
  }
}

const pathOf = (orderId: string) => `/api/v1/orders/${encodeURIComponent(orderId)}`;
