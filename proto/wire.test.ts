import { expect } from 'chai';
import * as cart from './gen/cart/cart.ts';
import * as checkout from './gen/checkout/checkout.ts';
import * as inventory from './gen/inventory/inventory.ts';
import * as orders from './gen/orders/orders.ts';
import * as payment from './gen/payment/payment.ts';
import * as product from './gen/product/product.ts';
import { cartVectors } from './vectors/cart.vectors.ts';
import { checkoutVectors } from './vectors/checkout.vectors.ts';
import { inventoryVectors } from './vectors/inventory.vectors.ts';
import { ordersVectors } from './vectors/orders.vectors.ts';
import { paymentVectors } from './vectors/payment.vectors.ts';
import { productVectors } from './vectors/product.vectors.ts';
import { bytesOf } from './vectors/vector.ts';

const packages = [
  { name: 'cart', module: cart, vectors: cartVectors },
  { name: 'checkout', module: checkout, vectors: checkoutVectors },
  { name: 'inventory', module: inventory, vectors: inventoryVectors },
  { name: 'orders', module: orders, vectors: ordersVectors },
  { name: 'payment', module: payment, vectors: paymentVectors },
  { name: 'product', module: product, vectors: productVectors },
];

/** The names of the messages that a generated module exports. */
function messagesOf(module: Record<string, unknown>): string[] {
  return Object.entries(module)
    .filter(([, value]) => typeof value === 'object' && value !== null && 'encode' in value)
    .map(([name]) => name);
}

describe('the wire', () => {
  for (const { name, module, vectors } of packages) {
    describe(name, () => {
      for (const each of vectors) it(each.name, () => each.check());

      it('has a vector for each message', () => {
        const covered = new Set(vectors.map((each) => each.name.split(/[ ,]/)[0]));
        expect(messagesOf(module).filter((message) => !covered.has(message))).to.deep.equal([]);
      });
    });
  }

  it('reads repeated numbers that an older writer did not pack', () => {
    expect(inventory.GetStockRequest.decode(bytesOf('08 01  08 ac 02'))).to.deep.equal({
      productIds: [1n, 300n],
      skipUnknown: false,
    });
  });

  it('passes over fields it does not know', () => {
    expect(cart.GetCartRequest.decode(bytesOf('08 01  fa 06 01 78'))).to.deep.equal({ userId: 1n });
  });

  const enums: [string, Record<string, number>, string[]][] = [
    [
      'CheckoutStatus',
      checkout.CheckoutStatus,
      ['INITIATED', 'INVENTORY_RESERVED', 'PAYMENT_PENDING', 'PAYMENT_COMPLETED', 'COMPLETED', 'FAILED'],
    ],
    ['ChargeStatus', payment.ChargeStatus, ['SUCCESS', 'FAILED']],
    [
      'PaymentRefusal',
      payment.PaymentRefusal,
      ['UNKNOWN', 'NO_FUNDS', 'CARD_DECLINED', 'CARD_EXPIRED', 'INVALID_CCV', 'NETWORK_ERROR'],
    ],
    [
      'PaymentStatus',
      payment.PaymentStatus,
      ['UNSPECIFIED', 'PENDING', 'CHARGED', 'FAILED', 'REFUNDED', 'TOMBSTONE'],
    ],
    [
      'ReservationStatus',
      inventory.ReservationStatus,
      ['UNSPECIFIED', 'RESERVED', 'CONFIRMED', 'RELEASED', 'EXPIRED', 'RESTOCKED', 'TOMBSTONE'],
    ],
  ];
  for (const [name, values, names] of enums) {
    it(`counts ${name} from 0 in this order`, () => {
      const wanted: Record<string, number> = { UNRECOGNIZED: -1 };
      for (const [number, each] of names.entries()) wanted[each] = number;
      expect({ ...values }).to.deep.equal(wanted);
    });
  }

  interface Method {
    readonly path: string;
    readonly requestStream: boolean;
    readonly responseStream: boolean;
  }
  const services: { name: string; service: Readonly<Record<string, Method>>; methods: string[] }[] = [
    {
      name: 'cart.CartService',
      service: cart.CartServiceService,
      methods: ['AddItem', 'GetCart', 'UpdateQuantity', 'RemoveItem', 'ClearCart'],
    },
    {
      name: 'checkout.CheckoutService',
      service: checkout.CheckoutServiceService,
      methods: ['InitiateCheckout', 'GetCheckoutStatus', 'CancelCheckout'],
    },
    {
      name: 'inventory.InventoryService',
      service: inventory.InventoryServiceService,
      methods: ['GetStock', 'Reserve', 'Confirm', 'Release', 'Restock', 'SetStock', 'GetReservation'],
    },
    {
      name: 'payment.PaymentService',
      service: payment.PaymentServiceService,
      methods: ['Charge', 'Refund', 'GetPayment'],
    },
    {
      name: 'orders.OrdersService',
      service: orders.OrdersServiceService,
      methods: ['GetOrder', 'ListOrders', 'UpdateOrderStatus', 'CancelOrder'],
    },
    {
      name: 'product.ProductService',
      service: product.ProductServiceService,
      methods: [
        'GetProducts',
        'GetProduct',
        'ValidateProducts',
        'CreateProduct',
        'UpdateProduct',
        'DeleteProduct',
      ],
    },
  ];
  for (const { name, service, methods } of services) {
    it(`calls the methods of ${name} by their paths, without streams`, () => {
      const definitions = Object.values(service);
      expect(definitions.map((method) => method.path)).to.deep.equal(
        methods.map((method) => `/${name}/${method}`),
      );
      expect(definitions.some((method) => method.requestStream || method.responseStream)).to.equal(false);
    });
  }

  it('answers each cart method with a CartResponse', () => {
    const response = { cart: { id: 'c', userId: 1n, cart: [], createdAt: '', updatedAt: '', version: 2n } };
    for (const method of Object.values(cart.CartServiceService)) {
      expect(method.responseSerialize(response).toString('hex'), method.path).to.equal('0a070a016310013002');
    }
  });
});
