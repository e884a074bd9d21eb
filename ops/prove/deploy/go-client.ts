import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { eventually } from '../e2e/eventually.ts';
import { portOf } from '../e2e/shop-environment.ts';
import { ShopProcess } from '../e2e/shop-process.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';

const run = promisify(execFile);
const timeoutMs = 20_000;

/** Each service with the name that the start gives it. */
const services = {
  'cart.CartService': 'cart gRPC façade',
  'checkout.CheckoutService': 'checkout gRPC façade',
  'orders.OrdersService': 'orders gRPC façade',
  'product.ProductService': 'product service',
  'inventory.InventoryService': 'inventory service',
  'payment.PaymentService': 'payment service',
} as const;
type Service = keyof typeof services;

/** grpcurl, a client in Go: of the services it knows what their reflection tells, and nothing else. */
class GoClient {
  readonly #grpcurl: string;
  readonly #shop: ShopProcess;
  readonly called = new Set<string>();

  constructor(grpcurl: string, shop: ShopProcess) {
    this.#grpcurl = grpcurl;
    this.#shop = shop;
  }

  /** `cart.CartService.AddItem` and so on. */
  async methods(service: Service): Promise<string[]> {
    return (await this.#run(service, [], ['list', service])).trim().split('\n');
  }

  /** @throws StartProblem unless the answer, as JSON text, or the refusal matches */
  async call(service: Service, method: string, request: object, expected: RegExp): Promise<string> {
    const body = ['-d', JSON.stringify(request), '-emit-defaults'];
    const answer = await this.#run(service, body, [`${service}/${method}`]);
    this.called.add(`${service}.${method}`);
    if (expected.test(answer)) return answer;
    throw new StartProblem(`${service}/${method}: expected ${expected.source}; got ${answer}`);
  }

  async #run(service: Service, options: readonly string[], command: readonly string[]): Promise<string> {
    const address = `127.0.0.1:${portOf(this.#shop.lines, services[service])}`;
    const args = ['-plaintext', '-max-time', String(timeoutMs / 1_000), ...options, address, ...command];
    try {
      return (await run(this.#grpcurl, args, { env: {}, timeout: 2 * timeoutMs })).stdout;
    } catch (cause) {
      return (cause as { stderr?: string }).stderr ?? String(cause);
    }
  }
}

/** Buys, cancels, stocks and prices over every RPC that the services tell of. @throws StartProblem for the first that fails */
export async function callEveryMethod(grpcurl: string): Promise<void> {
  const dataDir = temporaryFolder('go-client');
  const shop = await ShopProcess.start({ DATA_DIR: dataDir });
  try {
    const client = new GoClient(grpcurl, shop);
    const call = client.call.bind(client);
    const orderId = await buy(call);
    await call('orders.OrdersService', 'GetOrder', { order_id: orderId }, /"totalAmount": 1299.99/);
    const processing = { order_id: orderId, status: 'PROCESSING' };
    await call('orders.OrdersService', 'UpdateOrderStatus', processing, /"status": "PROCESSING"/);
    const cancelled = { order_id: orderId, user_id: '1' };
    await call('orders.OrdersService', 'CancelOrder', cancelled, /"status": "CANCELLED"/);
    await stock(call);
    await pay(call);
    await price(call);
    for (const service of Object.keys(services) as Service[]) {
      const left = (await client.methods(service)).filter((method) => !client.called.has(method));
      if (left.length > 0) throw new StartProblem(`not called: ${left.join(', ')}`);
    }
  } finally {
    shop.signal('SIGTERM');
    await shop.ended;
    removeTemporaryFolder(dataDir);
  }
}

type Call = GoClient['call'];

/** Returns the id of the order. */
async function buy(call: Call): Promise<string> {
  const cart = 'cart.CartService';
  await call(cart, 'AddItem', { user_id: 1, product_id: 1, quantity: 2 }, /"quantity": 2/);
  await call(cart, 'UpdateQuantity', { user_id: 1, product_id: 1, quantity: 1 }, /"quantity": 1/);
  await call(cart, 'AddItem', { user_id: 1, product_id: 2, quantity: 1 }, /"productId": "2"/);
  await call(cart, 'RemoveItem', { user_id: 1, product_id: 2 }, /"productId": "1"/);
  await call(cart, 'GetCart', { user_id: 1 }, /"version": "\d+"/);
  await call(cart, 'ClearCart', { user_id: 2 }, /"userId": "2"/);
  const checkout = 'checkout.CheckoutService';
  const shipping_address = { recipient: 'A', line1: '1 Main Street', city: 'Bern', country: 'CH' };
  const request = { user_id: 1, idempotency_key: 'k', shipping_address };
  const initiated = await call(
    checkout,
    'InitiateCheckout',
    request,
    /"status": "CHECKOUT_STATUS_COMPLETED"/,
  );
  const { checkoutId } = JSON.parse(initiated) as { checkoutId: string };
  const session = { checkout_id: checkoutId, user_id: 1 };
  await call(checkout, 'GetCheckoutStatus', session, /"totalCents": "129999"/);
  // What is completed can't be cancelled.
  await call(checkout, 'CancelCheckout', session, /Code: FailedPrecondition/);
  const orders = await eventually(async () => {
    const found = await call('orders.OrdersService', 'ListOrders', { user_id: '1' }, /"orders"/);
    return (JSON.parse(found) as { orders: { id: string }[] }).orders[0];
  }, 'the order');
  return orders.id;
}

async function stock(call: Call): Promise<void> {
  const inventory = 'inventory.InventoryService';
  await call(inventory, 'SetStock', { product_id: 3, available: 7 }, /"available": 7/);
  const reserve = async () => {
    const request = { checkout_id: randomUUID(), items: [{ product_id: 3, quantity: 2 }] };
    const reserved = await call(inventory, 'Reserve', request, /"reservationId": "/);
    return { reservation_id: (JSON.parse(reserved) as { reservationId: string }).reservationId };
  };
  const [sold, released] = [await reserve(), await reserve()];
  await call(inventory, 'GetStock', { product_ids: [3] }, /"available": 3,\s+"reserved": 4/);
  await call(inventory, 'Confirm', sold, /"success": true/);
  await call(inventory, 'Release', released, /"success": true/);
  await call(inventory, 'Restock', sold, /"success": true/);
  await call(inventory, 'GetReservation', sold, /"RESERVATION_STATUS_RESTOCKED"/);
}

async function pay(call: Call): Promise<void> {
  const payment = 'payment.PaymentService';
  const checkout_id = randomUUID();
  const charge = { checkout_id, amount: '12.50', currency: 'USD' };
  await call(payment, 'Charge', charge, /"status": "CHARGE_STATUS_SUCCESS"/);
  await call(payment, 'Refund', { checkout_id }, /^\{\s*\}\s*$/);
  await call(payment, 'GetPayment', { checkout_id }, /"PAYMENT_STATUS_REFUNDED"/);
}

async function price(call: Call): Promise<void> {
  const product = 'product.ProductService';
  const created = await call(product, 'CreateProduct', { name: 'Lamp', price_cents: 4200 }, /"price": 42/);
  const { id } = (JSON.parse(created) as { product: { id: string } }).product;
  await call(product, 'UpdateProduct', { id, price_cents: 4300 }, /"priceCents": "4300"/);
  await call(product, 'GetProduct', { id }, /"name": "Lamp"/);
  await call(product, 'GetProducts', { page_size: 1 }, /"nextPageToken": ".+"/);
  await call(product, 'ValidateProducts', { ids: [id, 999_999] }, /"missingIds": \[\s+"999999"/);
  await call(product, 'DeleteProduct', { id }, /^\{\s*\}\s*$/);
}
