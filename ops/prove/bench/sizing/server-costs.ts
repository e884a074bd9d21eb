import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { silentLogger, systemClock } from '@trolley/runtime';
import { KafkaEventLog } from '@trolley/runtime/kafka';
import { cartDocuments } from '../../../../actors/cart/cart.store.mongo.ts';
import { encodeCheckoutCompleted } from '../../../../actors/checkout/checkout-completed.ts';
import { ShopProcess } from '../../e2e/shop-process.ts';
import { startKafka } from '../../servers/embedded-kafka.ts';
import { startMongo } from '../../servers/embedded-mongo.ts';
import { HttpCaller } from '../shop/http-caller.ts';
import type { Cost } from './cost.ts';
import { Users } from './users.ts';

export interface Place {
  readonly dataDir: string;
  readonly searchPath: string;
  readonly say: (line: string) => void;
}

/** @throws StartProblem where no mongod can be had */
export async function mongoCosts({ dataDir, searchPath, say }: Place, carts: number): Promise<Cost[]> {
  const server = await startMongo({ dataDir, searchPath, say });
  const uri = new URL('sizing', server.url).href;
  const client = new MongoClient(uri);
  try {
    say(`sizing: ${carts} carts in MongoDB`);
    const shop = await ShopProcess.start({ DATA_DIR: join(dataDir, 'shop'), MONGODB_URI: uri });
    const http = new HttpCaller(shop.client.url);
    try {
      await (await Users.from(1, carts, { http, tokens: shop.tokens })).add(3);
    } finally {
      http.close();
      shop.signal('SIGTERM');
      await shop.ended;
    }
    // What is on disk is counted once it is there.
    await client.db('admin').command({ fsync: 1 });
    const stats = await client.db().command({ collStats: cartDocuments.collection });
    const { count, size, storageSize, totalIndexSize } = stats as Record<string, number>;
    const each = (bytes: number | undefined) => (bytes ?? NaN) / (count ?? NaN);
    const note = `${carts} carts of 3 lines`;
    return [
      { what: 'cart in MongoDB, in its cache', value: each(size), unit: 'bytes', note },
      {
        what: 'cart in MongoDB, on disk',
        value: each((storageSize ?? NaN) + (totalIndexSize ?? NaN)),
        unit: 'bytes',
        note: `${note}, compressed by snappy, with indexes; on each member`,
      },
    ];
  } finally {
    await client.close();
    await server.stop();
  }
}

const topic = 'sizing';

/** @throws StartProblem where no Kafka can be had */
export async function kafkaCosts({ dataDir, searchPath, say }: Place, events: number): Promise<Cost[]> {
  const server = await startKafka({ dataDir, searchPath, say });
  const log = new KafkaEventLog({ brokers: [server.url], clock: systemClock, logger: silentLogger });
  try {
    say(`sizing: ${events} events in Kafka`);
    for (let first = 0; first < events; first += 100) {
      const batch = Array.from({ length: 100 }, (_, index) => eventOf(first + index));
      await log.append(topic, batch);
    }
    const value = logBytes(join(dataDir, 'kafka', 'data')) / events;
    const note = `${events} events of 3 lines in batches of 100, not compressed; on each replica`;
    return [{ what: 'event in Kafka', value, unit: 'bytes', note }];
  } finally {
    await log.close();
    await server.stop();
  }
}

/** As the relay writes them. */
function eventOf(index: number) {
  const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  const line = { productName: 'Wireless mouse', quantity: 1, unitPriceCents: 2_999 };
  const lines = [1, 2, 3].map((productId) => ({ productId, ...line }));
  const purchase = { checkoutId: id, userId: index + 1, lines, totalCents: 8_997, currency: 'USD' };
  return {
    id,
    key: String(index + 1),
    type: 'CheckoutCompleted',
    value: JSON.stringify(encodeCheckoutCompleted({ ...purchase, completedAt: Date.now(), cartVersion: 3 })),
    headers: {
      event_type: 'CheckoutCompleted',
      event_id: id,
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: '/trolley/checkout',
      ce_type: 'CheckoutCompleted',
      ce_time: new Date().toISOString(),
      'content-type': 'application/json',
    },
  };
}

/** The segments of the topic; its indexes are made larger than they are and cut later. */
function logBytes(folder: string): number {
  return readdirSync(folder)
    .filter((name) => new RegExp(`^${topic}-\\d+$`).test(name))
    .flatMap((name) => readdirSync(join(folder, name)).map((file) => join(folder, name, file)))
    .filter((path) => path.endsWith('.log'))
    .reduce((bytes, path) => bytes + statSync(path).size, 0);
}
