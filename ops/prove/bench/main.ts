import { runCommand } from '../../shop/process/run-command.ts';
import { runNamedCommand } from '../../shop/process/run-named-command.ts';

/* `npm run bench -- NAME [flags]`. Each is loaded only when asked for, so that it does not pay for another. */

await runNamedCommand({
  script: 'bench',
  about: 'Measures, on servers of its own.',
  commands: {
    mailbox: {
      summary: 'the mailboxes against plain BullMQ, and against their floor',
      run: async (args) => runCommand({ ...(await import('./mailbox.ts')).mailboxBench, args }),
    },
    shop: {
      summary: 'the shop under load, against what this machine does at best',
      run: async (args) => runCommand({ ...(await import('./shop.ts')).shopBench, args }),
    },
    gateway: {
      summary: 'what each part of a gateway costs a request',
      run: async (args) => runCommand({ ...(await import('./gateway.ts')).gatewayBench, args }),
    },
    tracing: {
      summary: 'what tracing costs that is off',
      run: async (args) => runCommand({ ...(await import('./tracing.ts')).tracingBench, args }),
    },
    peers: {
      summary: 'the same shop on Restate, on DBOS and on plain Node',
      run: async (args) => runCommand({ ...(await import('./peers.ts')).peersBench, args }),
    },
    scale: {
      summary: 'whether anything costs more with a million carts, orders and checkouts',
      run: async (args) => runCommand({ ...(await import('./scale.ts')).scaleBench, args }),
    },
    console: {
      summary: 'the pages of the console with a million checkouts, and what looking at them costs',
      run: async (args) => runCommand({ ...(await import('./console.ts')).consoleBench, args }),
    },
    sizing: {
      summary: 'what a cart, a checkout, an order, an event and a message cost',
      run: async (args) => runCommand({ ...(await import('./sizing.ts')).sizingBench, args }),
    },
  },
});
