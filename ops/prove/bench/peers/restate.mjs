import { createRequire } from 'node:module';
import { join } from 'node:path';
import { optionsOfParent } from '../../../shop/environment.ts';
import { cartOf, participants, soldAs } from './peer.mjs';

/* The services behind a Restate server: a cart and a user's orders are virtual objects, a checkout is a workflow. */

// Their SDK calls what Node 20 has not yet.
Promise.withResolvers ??= () => {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};

// Else it writes two lines for each call.
process.env.RESTATE_LOGGING = 'ERROR';

process.once('disconnect', () => process.exit(1));
const { port, packages } = optionsOfParent();
const restate = createRequire(join(packages, 'package.json'))('@restatedev/restate-sdk');

const cart = restate.object({
  name: 'cart',
  handlers: {
    add: async (context, { product_id, quantity }) => {
      const units = (await context.get('units')) ?? {};
      units[product_id] = (units[product_id] ?? 0) + quantity;
      context.set('units', units);
      return cartOf(units);
    },
    take: async (context) => {
      const taken = cartOf((await context.get('units')) ?? {});
      context.clear('units');
      return taken;
    },
    get: restate.handlers.object.shared(async (context) => cartOf((await context.get('units')) ?? {})),
  },
});

const orders = restate.object({
  name: 'orders',
  handlers: {
    put: async (context, order) => context.set('newest', order),
    newest: restate.handlers.object.shared(async (context) => {
      const newest = await context.get('newest');
      return newest === null ? [] : [newest];
    }),
  },
});

const checkout = restate.workflow({
  name: 'checkout',
  handlers: {
    run: async (context, { user_id }) => {
      const { total_price } = await context.objectClient(cart, String(user_id)).take();
      for (const [name, act] of Object.entries(participants)) await context.run(name, () => act(context.key));
      const sold = soldAs(context.key, total_price);
      context.objectSendClient(orders, String(user_id)).put(sold);
      return sold;
    },
  },
});

await restate.serve({ services: [cart, orders, checkout], port });
process.send({ url: `http://127.0.0.1:${port}` });
