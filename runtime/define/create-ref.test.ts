import { expect } from 'chai';
import { z } from 'zod';
import { defineContract } from './contract.ts';
import { createRef, type MessageSender } from './create-ref.ts';

const Cart = defineContract({
  type: 'cart',
  key: z.string().min(1),
  messages: {
    AddItem: { input: z.object({ productId: z.int() }), output: z.object({}) },
    GetCart: { input: z.object({}), output: z.object({}) },
    Abandon: { input: z.object({ why: z.string().optional() }) },
    /** Names of what a ref, a promise and every object have. */
    Tell: { input: z.object({}) },
    Key: { input: z.object({}) },
    Then: { input: z.object({}), output: z.object({}) },
    ToString: { input: z.object({}), output: z.object({}) },
  },
});

/** What is sent, in words. */
function recordingSender() {
  const sent: unknown[] = [];
  const sender: MessageSender = {
    async ask({ contract: { type }, key, name, input }, options) {
      sent.push({ ask: `${type} ${key} ${name}`, input, options });
      return { answered: name };
    },
    async tell({ contract: { type }, key, name, input }, options) {
      sent.push({ tell: `${type} ${key} ${name}`, input, options });
    },
  };
  return { sent, sender };
}

describe('a ref', () => {
  it('asks with the methods of messages that are answered, and tells with those of the others', async () => {
    const { sent, sender } = recordingSender();
    const cart = createRef(sender, Cart, '7');
    expect(await cart.addItem({ productId: 1 }, { idempotencyKey: 'k' })).to.deep.equal({
      answered: 'AddItem',
    });
    expect(await cart.getCart()).to.deep.equal({ answered: 'GetCart' });
    expect(await cart.abandon({ why: 'late' }, { delayMs: 5 })).to.equal(undefined);
    expect(sent).to.deep.equal([
      { ask: 'cart 7 AddItem', input: { productId: 1 }, options: { idempotencyKey: 'k' } },
      { ask: 'cart 7 GetCart', input: {}, options: {} },
      { tell: 'cart 7 Abandon', input: { why: 'late' }, options: { delayMs: 5 } },
    ]);
  });

  it('stays itself, whatever its messages are called', async () => {
    const { sent, sender } = recordingSender();
    const cart = createRef(sender, Cart, '7');
    expect(cart.key).to.equal('7');
    expect(await Promise.resolve(cart)).to.equal(cart);
    expect(Object.getPrototypeOf(cart)).not.to.have.own.property('toString');
    await cart.tell('Tell', {});
    await cart.ask('Then', {});
    expect(sent).to.have.length(2);
  });

  it('has the methods of its own contract, though another one is of the same type', () => {
    const { sender } = recordingSender();
    const other = defineContract({
      type: 'cart',
      key: z.string(),
      messages: { Look: { input: z.object({}) } },
    });
    expect(createRef(sender, Cart, '7')).to.have.property('addItem');
    expect(createRef(sender, other, '7')).to.have.property('look');
    expect(createRef(sender, other, '7')).not.to.have.property('addItem');
  });

  it('is refused for a key that the contract does not allow', () => {
    const { sender } = recordingSender();
    expect(() => createRef(sender, Cart, ''))
      .to.throw("'' is no key of cart")
      .with.property('code', 'invalid_request');
  });

  it('could not tell two messages apart that have the same method', () => {
    const nothing = { input: z.object({}) };
    const define = () =>
      defineContract({ type: 'cart', key: z.string(), messages: { Look: nothing, look: nothing } });
    expect(define).to.throw(TypeError, "actor 'cart': look: its method is called as that of Look");
  });
});
