import { createServer } from 'node:http';
import { once } from 'node:events';
import { cartOf } from './peer.mjs';

/* Carts and orders as rows of PostgreSQL behind HTTP, as plain Node and DBOS have them. */

export async function createTables(pool) {
  await pool.query(`CREATE TABLE carts (user_id INT PRIMARY KEY, units JSONB NOT NULL);
    CREATE TABLE orders (checkout_id TEXT PRIMARY KEY, user_id INT NOT NULL, total INT NOT NULL, at BIGSERIAL);
    CREATE INDEX orders_of_user ON orders (user_id, at DESC)`);
}

const addition = {
  name: 'add',
  text: `INSERT INTO carts VALUES ($1, jsonb_build_object($2::text, $3::int))
    ON CONFLICT (user_id) DO UPDATE SET units = carts.units ||
      jsonb_build_object($2::text, coalesce((carts.units->>$2::text)::int, 0) + $3::int)
    RETURNING units`,
};
const reading = { name: 'cart', text: 'SELECT units FROM carts WHERE user_id = $1' };
const newest = {
  name: 'newest',
  text: 'SELECT checkout_id, total FROM orders WHERE user_id = $1 ORDER BY at DESC LIMIT 1',
};

/** Takes everything out of a cart, in the transaction of `client`. */
export async function emptyCart(client, userId) {
  const text = `UPDATE carts SET units = '{}' FROM (SELECT user_id, units FROM carts WHERE user_id = $1 FOR UPDATE) AS old
    WHERE carts.user_id = old.user_id RETURNING old.units`;
  const { rows } = await client.query({ name: 'empty', text, values: [userId] });
  return cartOf(rows[0]?.units ?? {});
}

export async function putOrder(client, checkoutId, userId, total) {
  const text = 'INSERT INTO orders (checkout_id, user_id, total) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING';
  await client.query({ name: 'order', text, values: [checkoutId, userId, total] });
}

/** `checkout(checkoutId, userId)` resolves to what was sold. Returns the address. */
export async function serve(pool, checkout) {
  const routes = {
    add: async (id, body) => {
      const { product_id, quantity } = JSON.parse(body);
      const { rows } = await pool.query({ ...addition, values: [Number(id), String(product_id), quantity] });
      return cartOf(rows[0].units);
    },
    get: async (id) => cartOf((await pool.query({ ...reading, values: [Number(id)] })).rows[0]?.units ?? {}),
    run: (id, body) => checkout(id, JSON.parse(body).user_id),
    newest: async (id) => {
      const { rows } = await pool.query({ ...newest, values: [Number(id)] });
      return rows.map(({ checkout_id, total }) => ({ checkout_id, total_amount: total }));
    },
  };
  const server = createServer((request, response) => {
    const [, , id, verb] = request.url.split('/');
    let body = '';
    request.setEncoding('utf8').on('data', (part) => (body += part));
    request.on('end', () => {
      routes[verb](id, body).then(
        (answer) => reply(response, 200, answer),
        (error) => reply(response, 500, { error: String(error) }),
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

function reply(response, status, answer) {
  const text = JSON.stringify(answer);
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  response.writeHead(status, headers).end(text);
}
