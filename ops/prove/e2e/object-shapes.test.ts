import { mkdirSync, rmSync } from 'node:fs';
import { expect } from 'chai';
import { ShopProcess } from './shop-process.ts';
import { temporaryDataDir } from './shop-environment.ts';
import { untilAllEnded } from './invariants.ts';
import { shapeLogOptions, shapesBySite } from './v8-shapes.ts';

const users = 16;
const rounds = 40;
/** For what V8 has made before it has seen enough of a function. */
const allowed = (users * rounds) / 4;
/** What Node's own AbortSignal is made of: each has shapes of its own. */
const ofAbortSignals = /symbol\("k(Aborted|Reason|Composite)"/;

describe('the shapes of objects', function () {
  this.timeout(120_000);
  let dataDir: string;
  before(() => mkdirSync((dataDir = temporaryDataDir()), { recursive: true }));
  after(() => rmSync(dataDir, { recursive: true, force: true }));

  it('do not grow in number with what is added and bought', async () => {
    const environment = { DATA_DIR: dataDir, SEED_STOCK: '1000000', PAYMENT_DELAY_MS: '0' };
    const shop = await ShopProcess.startUnder(shapeLogOptions(dataDir), environment);
    try {
      const buyers = await shop.client.users(1, users);
      const buy = async (buyer: (typeof buyers)[number]) => {
        for (let round = 0; round < rounds; round++) {
          await buyer.add(1, 1);
          expect((await buyer.checkout(`round ${round}`)).status).to.equal(201);
          await buyer.shop.orders.list();
        }
      };
      await Promise.all(buyers.map(buy));
      await untilAllEnded(shop.stores);
    } finally {
      shop.signal('SIGTERM');
      await shop.ended;
    }
    const ours = [...shapesBySite(dataDir)].filter(([site]) => site.includes('/dist/'));
    // Else the log says something else than it did.
    expect(ours).to.not.deep.equal([]);
    const grown = ours.filter(([site, shapes]) => shapes > allowed && !ofAbortSignals.test(site));
    expect(grown).to.deep.equal([]);
  });
});
