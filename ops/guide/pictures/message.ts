import type { Picture } from './picture.ts';

/** ARCHITECTURE.md's: the way of one message. The figures are the steps of "Follow one message". */
export const message: Picture = {
  description:
    'The way of AddItem: the gateway checks it and asks, the client sends it into a queue in Redis and wakes the node; ' +
    'the activation takes it, the turn applies it, the store writes it with compare-and-set, the view is put into Redis, ' +
    'and the answer comes back through an inbox.',
  size: [1000, 420],
  boxes: {
    caller: { at: [15, 75, 90, 50], title: 'User 42', kind: 'outside' },
    gateway: { at: [150, 20, 180, 380], title: 'A gateway process', kind: 'frame' },
    route: {
      at: [170, 60, 140, 80],
      title: 'Route, use-case',
      lines: ['token, rate, zod', 'is it sold?'],
      kind: 'process',
    },
    client: {
      at: [170, 175, 140, 70],
      title: 'Client',
      lines: ['envelope, id', 'cart~42 → shard 7'],
      kind: 'process',
    },
    reader: { at: [170, 315, 140, 55], title: 'Inbox reader', kind: 'process' },
    redis: { at: [400, 20, 180, 380], title: 'Redis', kind: 'frame' },
    queue: { at: [420, 60, 140, 55], title: 'Queue cart~42', lines: ['one per actor'], kind: 'store' },
    wake: { at: [420, 145, 140, 55], title: 'Wake-ups, lease', lines: ['one per shard'], kind: 'store' },
    view: { at: [420, 230, 140, 55], title: 'View', lines: ['cart:42'], kind: 'store' },
    inbox: { at: [420, 315, 140, 55], title: 'Inbox', lines: ['of the gateway'], kind: 'store' },
    node: { at: [650, 20, 180, 380], title: 'The node with shard 7', kind: 'frame' },
    turn: {
      at: [670, 60, 140, 90],
      title: 'Turn',
      lines: ['id known? its answer', 'else: parse, handle,', 'on a draft'],
      kind: 'process',
    },
    activation: {
      at: [670, 200, 140, 90],
      title: 'Activation',
      lines: ['of cart 42', 'one turn at a time'],
      kind: 'process',
    },
    store: {
      at: [880, 180, 110, 130],
      title: 'Store',
      lines: ['state, ids with', 'answers, effects:', 'one compare-', 'and-set'],
      kind: 'store',
    },
  },
  arrows: [
    { from: 'caller.right', to: 'route.left', label: '1' },
    { from: 'route.bottom', to: 'client.top', label: '2 ask', labelAt: [264, 160] },
    { from: 'client.right@0.2', to: 'queue.left', label: '3 send', labelAt: [367, 122] },
    { from: 'client.right@0.6', to: 'wake.left', label: '3 wake', labelAt: [358, 193] },
    { from: 'wake.right', to: 'activation.left@0.35', label: '4 wake', labelAt: [632, 188] },
    { from: 'queue.right', to: 'activation.left@0.1', label: '5 claim', labelAt: [622, 133] },
    { from: 'activation.top@0.3', to: 'turn.bottom@0.3', label: '6', labelAt: [700, 180] },
    { from: 'turn.bottom@0.7', to: 'activation.top@0.7' },
    { from: 'activation.right', to: 'store.left', label: '7 write', labelAt: [846, 238] },
    { from: 'activation.left@0.65', to: 'view.right', label: '8 project', labelAt: [615, 271] },
    {
      from: 'activation.bottom',
      to: 'inbox.right',
      via: [[740, 342.5]],
      label: '9 answer, ack',
      labelAt: [650, 336],
    },
    { from: 'inbox.left', to: 'reader.right', label: '10' },
    { from: 'reader.left', to: 'caller.bottom', via: [[60, 342.5]], label: '201', labelAt: [118, 336] },
  ],
};
