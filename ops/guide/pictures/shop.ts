import type { Picture } from './picture.ts';

/** The README's: what the shop is made of. */
export const shop: Picture = {
  description:
    'Users reach the gateway over REST, other services reach the gRPC façades. Both ask actors through mailboxes in Redis. ' +
    'Nodes handle one message at a time per actor, write its state to SQLite, MongoDB or PostgreSQL, and call the ' +
    'product, inventory and payment services. Completed checkouts go through an outbox, a relay and the event log to ' +
    'consumers, which ask the actors of orders and carts.',
  size: [1000, 440],
  boxes: {
    users: { at: [20, 40, 120, 60], title: 'Users', kind: 'outside' },
    callers: { at: [20, 130, 120, 60], title: 'Other services', kind: 'outside' },
    gateway: { at: [210, 40, 130, 60], title: 'Gateway', lines: ['tokens, rate limits'], kind: 'process' },
    facades: { at: [210, 130, 130, 60], title: 'gRPC façades', lines: ['mutual TLS'], kind: 'process' },
    redis: {
      at: [420, 40, 150, 150],
      title: 'Redis',
      lines: ['a mailbox per actor', '(BullMQ queue)', 'leases of shards', 'answers'],
      kind: 'store',
    },
    nodes: {
      at: [650, 40, 140, 150],
      title: 'Nodes',
      lines: ['cart 42', 'checkout 7f3a…', 'order c19e…', '', 'one message at a', 'time for each'],
      kind: 'process',
    },
    carts: { at: [860, 40, 125, 60], title: 'SQLite, MongoDB', lines: ['carts'], kind: 'store' },
    postgres: {
      at: [860, 120, 125, 70],
      title: 'PostgreSQL',
      lines: ['checkouts, orders,', 'outbox'],
      kind: 'store',
    },
    services: {
      at: [635, 260, 170, 60],
      title: 'Product, inventory,',
      lines: ['payment (gRPC, SQLite)'],
      kind: 'process',
    },
    relay: { at: [860, 260, 125, 60], title: 'Relay', kind: 'process' },
    log: { at: [790, 370, 195, 50], title: 'Event log', lines: ['Redis Streams or Kafka'], kind: 'store' },
    consumers: { at: [420, 370, 150, 50], title: 'Consumers', kind: 'process' },
  },
  arrows: [
    { from: 'users.right', to: 'gateway.left', label: 'REST' },
    { from: 'callers.right', to: 'facades.left', label: 'gRPC' },
    { from: 'gateway.right', to: 'redis.left@0.2', label: 'ask' },
    { from: 'facades.right', to: 'redis.left@0.8', label: 'ask' },
    { from: 'redis.right@0.3', to: 'nodes.left@0.3', label: 'messages' },
    { from: 'nodes.left@0.7', to: 'redis.right@0.7', label: 'answers' },
    { from: 'nodes.right@0.2', to: 'carts.left', label: 'write' },
    { from: 'nodes.right@0.767', to: 'postgres.left', label: 'write' },
    { from: 'nodes.bottom', to: 'services.top', label: 'reserve, charge, confirm', labelAt: [720, 230] },
    { from: 'postgres.bottom', to: 'relay.top', label: 'outbox', labelAt: [922, 230] },
    { from: 'relay.bottom', to: 'log.top@0.678', label: 'CheckoutCompleted', labelAt: [922, 348] },
    { from: 'log.left', to: 'consumers.right', label: 'in order per user' },
    {
      from: 'consumers.top',
      to: 'redis.bottom',
      label: 'ask: create the order, settle the cart',
      labelAt: [495, 285],
    },
  ],
};
