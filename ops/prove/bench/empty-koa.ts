import type { AddressInfo } from 'node:net';
import Koa from 'koa';

/* What Koa does at most on this machine: a process with one answer and nothing before it. Tells its parent its port. */

process.once('disconnect', () => process.exit(1));

const app = new Koa();
app.use((context) => {
  context.body = 'ok';
});
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port });
});
