import { createLogger } from '@trolley/runtime';
import { openClusterClient } from '@trolley/runtime/adapters';
import { optionsOfParent } from '../../shop/environment.ts';
import { AskWatch } from './ask-watch.ts';
import { clusterOptions, connectRedis } from './cluster-connection.ts';
import type { ClientHears, ClientOptions, ClientSays } from './cluster-messages.ts';
import { KeyLoad } from './key-load.ts';

/* A client process of the cluster scenario: asks until every one of its messages is answered. */

const options = optionsOfParent() as ClientOptions;
const say = (message: ClientSays) => void process.send?.(message);
// Nobody is left to stop this process.
process.on('disconnect', () => process.exit(1));

const redis = await connectRedis(options.redisUrl);
const client = openClusterClient(clusterOptions(redis, options.shards, createLogger('info')));
const watch = new AskWatch(options.shards, (fault, takeover) => say({ kind: 'took-over', fault, takeover }));
const load = new KeyLoad(options, client.refs, watch);

process.on('message', (message: ClientHears) => {
  switch (message.kind) {
    case 'begin':
      void run();
      break;
    case 'pace':
      load.pace(message.share);
      break;
    case 'lost':
      watch.lost(message.fault, message.node, message.at);
      break;
    case 'open':
      watch.open(message.fault);
      break;
    case 'close':
      say({ kind: 'watched', fault: message.fault, watched: watch.close(message.fault) });
      break;
  }
});
process.once('SIGTERM', () => process.exit(0));
say({ kind: 'ready' });

async function run(): Promise<void> {
  const progress = setInterval(() => say({ kind: 'progress', tally: load.tally }), 100);
  await load.run();
  clearInterval(progress);
  say({ kind: 'done', tally: load.tally, problems: load.problems });
  await client.close();
  redis.disconnect();
}
