import { expect } from 'chai';
import { Client, credentials } from '@grpc/grpc-js';
import { codeOf } from '@trolley/runtime';
import { openGrpcClient } from '../../../actors/services/grpc/grpc.client.ts';
import type { NetworkTarget } from '../../../actors/services/grpc/network-channel.ts';
import { CartServiceService } from '../../../proto/gen/cart/cart.ts';
import { CheckoutServiceService, CheckoutStatus } from '../../../proto/gen/checkout/checkout.ts';
import { InventoryServiceService } from '../../../proto/gen/inventory/inventory.ts';
import { OrdersServiceService } from '../../../proto/gen/orders/orders.ts';
import { PaymentServiceService } from '../../../proto/gen/payment/payment.ts';
import { ProductServiceService } from '../../../proto/gen/product/product.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import { portOf } from './shop-environment.ts';

const services = {
  'cart gRPC façade': 'cart.CartService',
  'checkout gRPC façade': 'checkout.CheckoutService',
  'orders gRPC façade': 'orders.OrdersService',
  'product service': 'product.ProductService',
  'inventory service': 'inventory.InventoryService',
  'payment service': 'payment.PaymentService',
};
type ServiceName = keyof typeof services;

describe('the shop over gRPC', () => {
  let shop: RunningShop;
  before(async () => {
    shop = await startShop();
  });
  after(() => shop.stop());

  const at = (what: ServiceName) => ({
    address: `localhost:${portOf(shop.lines, what)}`,
    credentials: shop.credentials,
  });

  it('sells a cart, and REST shows the same', async () => {
    const carts = openGrpcClient(CartServiceService, at('cart gRPC façade'));
    const checkouts = openGrpcClient(CheckoutServiceService, at('checkout gRPC façade'));
    const orders = openGrpcClient(OrdersServiceService, at('orders gRPC façade'));
    try {
      const user = await shop.client.user(1);
      await carts.call('addItem', { userId: 1n, productId: 1n, quantity: 2 });
      await user.add(2, 1);
      const { cart } = await carts.call('getCart', { userId: 1n });
      expect(cart?.cart.map(({ productId, quantity }) => [productId, quantity])).to.deep.equal([
        [1n, 2],
        [2n, 1],
      ]);

      const request = { userId: 1n, idempotencyKey: 'k', shippingAddress: undefined, paymentMethod: '' };
      const { checkoutId, status } = await checkouts.call('initiateCheckout', request);
      expect(status).to.equal(CheckoutStatus.COMPLETED);
      expect(await user.buy('k')).to.include({ checkout_id: checkoutId, total_amount: 2629.97 });

      const list = { userId: '1', pageSize: 0, pageToken: '' };
      const order = await eventually(
        async () => (await orders.call('listOrders', list)).orders[0],
        `the order of checkout ${checkoutId}`,
      );
      expect(order).to.include({ checkoutId, userId: '1', totalAmount: 2629.97, status: 'CONFIRMED' });
      expect((await orders.call('getOrder', { orderId: order.id })).order).to.deep.equal(order);
      expect((await user.shop.orders.get(order.id)).total_amount).to.equal(order.totalAmount);
      const refusal = await orders.call('getOrder', { orderId: 'x' }).catch(codeOf);
      expect(refusal).to.be.oneOf(['invalid_order_id', 'invalid_request', 'invalid_argument']);
    } finally {
      for (const client of [carts, checkouts, orders]) client.close();
    }
  });

  it('has products, stock and payments', async () => {
    const products = openGrpcClient(ProductServiceService, at('product service'));
    const inventory = openGrpcClient(InventoryServiceService, at('inventory service'));
    const payments = openGrpcClient(PaymentServiceService, at('payment service'));
    try {
      const { product } = await products.call('getProduct', { id: 1n });
      expect(product).to.include({ name: 'Laptop', price: 1299.99, priceCents: 129_999n });
      const { stocks } = await inventory.call('getStock', { productIds: [3n], skipUnknown: false });
      expect(stocks).to.deep.equal([{ productId: 3n, available: 300, reserved: 0 }]);
      // A product that nobody has stocked yet takes the stock of no other away.
      const fields = { name: 'Чайник', description: '', priceCents: 100n, imageUrl: '' };
      const { product: unstocked } = await products.call('createProduct', fields);
      const user = await shop.client.user(1);
      const { body } = await user.send<{ products: { id: number; stock?: number }[] }>('GET', '/products');
      const listed = body.products.map(({ id, stock }) => [id, stock]);
      expect(listed)
        .to.deep.include([3, 300])
        .and.to.deep.include([Number(unstocked?.id), undefined]);
      const unknown = { checkoutId: '00000000-0000-4000-8000-000000000001' };
      expect(await payments.call('getPayment', unknown).catch(codeOf)).to.equal('not_found');
    } finally {
      for (const client of [products, inventory, payments]) client.close();
    }
  });

  for (const [what, name] of Object.entries(services) as [ServiceName, string][]) {
    it(`lists ${name} to those who ask by reflection`, async () => {
      expect(await reflected(at(what))).to.include(name);
    });
  }
});

/** What `list_services` answers, as bytes read as text: names are in it as they are. */
async function reflected({ address, credentials: ours }: NetworkTarget): Promise<string> {
  const connection = new Client(address, ours ?? credentials.createInsecure());
  const asIs = (bytes: Buffer) => bytes;
  const stream = connection.makeBidiStreamRequest(
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
    asIs,
    asIs,
  );
  try {
    return await new Promise<string>((resolve, reject) => {
      stream.on('data', (bytes: Buffer) => resolve(bytes.toString('latin1')));
      stream.on('error', reject);
      // ServerReflectionRequest { list_services (field 7): "" }
      stream.write(Buffer.from('3a00', 'hex'));
    });
  } finally {
    stream.end();
    connection.close();
  }
}
