import { expect } from 'chai';
import fc from 'fast-check';
import {
  CheckoutCompleted,
  amountFromCents,
  centsFromAmount,
  encodeCheckoutCompleted,
} from './checkout-completed.ts';
import { maxTotalCents, priceLines } from './checkout.pricing.ts';

const laptop = { id: 1, name: 'Laptop', priceCents: 129_999 };
const mouse = { id: 2, name: 'Mouse', priceCents: 2999 };

describe('pricing', () => {
  it('sums in whole cents', () => {
    const cart = [
      { productId: 1, quantity: 2 },
      { productId: 2, quantity: 1 },
    ];
    expect(priceLines(cart, [mouse, laptop])).to.deep.equal({
      ok: true,
      totalCents: 262_997,
      lines: [
        { productId: 1, quantity: 2, productName: 'Laptop', unitPriceCents: 129_999 },
        { productId: 2, quantity: 1, productName: 'Mouse', unitPriceCents: 2999 },
      ],
    });
  });

  it('sells what is free, and nothing that is gone, has no price or costs too much', () => {
    const one = [{ productId: 1, quantity: 99 }];
    const at = (priceCents: number) => priceLines(one, [{ ...laptop, priceCents }]);
    expect(at(0)).to.include({ ok: true, totalCents: 0 });
    expect(priceLines([...one, { productId: 3, quantity: 1 }], [mouse])).to.deep.equal({
      ok: false,
      reason: 'product_unavailable',
      shortages: [
        { productId: 1, requested: 99, available: 0 },
        { productId: 3, requested: 1, available: 0 },
      ],
    });
    for (const price of [-1, 0.5, NaN, Infinity, maxTotalCents, 2 ** 53]) {
      expect(at(price), String(price)).to.deep.equal({ ok: false, reason: 'total_out_of_range' });
    }
  });

  it('makes a name storable', () => {
    const priced = priceLines([{ productId: 1, quantity: 1 }], [{ ...laptop, name: 'a\0b\ud800c😀' }]);
    expect(priced.ok && priced.lines[0]?.productName).to.equal('a\ufffdb\ufffdc😀');
  });
});

describe('the event CheckoutCompleted', () => {
  it('has the fields of the wire, with exact amounts', () => {
    const event = encodeCheckoutCompleted({
      checkoutId: '00000000-0000-4000-8000-000000000001',
      userId: 7,
      lines: [{ productId: 1, productName: 'Laptop', quantity: 2, unitPriceCents: 129_999 }],
      totalCents: 259_998,
      currency: 'USD',
      completedAt: Date.parse('2026-01-01T00:00:00Z'),
      cartVersion: 3,
      shippingAddress: { city: 'Bern' },
    });
    expect(JSON.stringify(event)).to.equal(
      '{"checkout_id":"00000000-0000-4000-8000-000000000001","user_id":"7","items":[{"product_id":1,' +
        '"product_name":"Laptop","quantity":2,"unit_price":1299.99,"subtotal":2599.98}],"total_amount":2599.98,' +
        '"currency":"USD","completed_at":"2026-01-01T00:00:00.000Z","cart_version":3,"shipping_address":{"city":"Bern"}}',
    );
    expect(CheckoutCompleted.parse(event)).to.deep.equal(event);
  });

  it('writes any amount with at most two decimals and reads it back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: maxTotalCents }), (cents) => {
        const text = JSON.stringify(amountFromCents(cents));
        expect(text).to.match(/^\d+(\.\d{1,2})?$/);
        expect(centsFromAmount(JSON.parse(text) as number)).to.equal(cents);
      }),
    );
    for (const amount of [0.001, 1.005, 1e300])
      expect(centsFromAmount(amount), String(amount)).to.equal(undefined);
  });

  it('knows one zero, whichever JSON has', () => {
    expect(Object.is(centsFromAmount(JSON.parse('-0') as number), 0)).to.equal(true);
  });
});
