import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Client } from 'pg';
import { ProductStore } from '../../../../actors/services/product/product.store.ts';
import type { Environment } from '../../e2e/shop-environment.ts';
import { ShopProcess } from '../../e2e/shop-process.ts';
import type { ProcessTree } from '../measure/processes.ts';

/** A page of products; those that are not seeded are made. */
export const products = 20;
const plenty = 1_000_000_000;

/** How many there are, by what it is. */
export type Counts = Readonly<Record<string, number>>;

/** A shop as `npm start` starts it, to be measured: no payment delay, no limit of requests, never out of stock. */
export class MeasuredShop {
  readonly dataDir: string;
  readonly #process: ShopProcess;

  private constructor(process: ShopProcess, dataDir: string) {
    this.#process = process;
    this.dataDir = dataDir;
  }

  /** On what is there in the folder, where something is. */
  static async start(folder: string, others: Environment = {}): Promise<MeasuredShop> {
    const dataDir = join(folder, 'shop');
    const environment = { DATA_DIR: dataDir, SEED_STOCK: String(plenty), LOG_LEVEL: 'info', ...others };
    const shop = new MeasuredShop(await ShopProcess.startByNpm(environment), dataDir);
    try {
      shop.#fillPage();
      return shop;
    } catch (error) {
      await shop.stop();
      throw error;
    }
  }

  get process(): ShopProcess {
    return this.#process;
  }

  /** The shop with all its parts, npm left out, and its two servers. */
  get trees(): ProcessTree[] {
    const [redis = 0, postgres = 0] = this.#process.servers;
    return [
      { name: 'shop', pid: this.#process.shopPid },
      { name: 'Redis', pid: redis },
      { name: 'PostgreSQL', pid: postgres },
    ];
  }

  /** What each sale leaves behind once. */
  async counts(): Promise<Counts> {
    const { stores } = this.#process;
    const checkouts = await stores.checkoutCounts();
    return {
      orders: await stores.orderCount(),
      'completed checkouts': checkouts.get('COMPLETED') ?? 0,
      'all checkouts': [...checkouts.values()].reduce((all, count) => all + count, 0),
      payments: stores.paymentCount(),
      'units sold': stores.stock().reduce((units, stock) => units + stock.sold, 0),
    };
  }

  /** Holds what is stored, but for what was there before, against what the generator was answered. */
  async audit(orders: number, before: Counts = {}): Promise<void> {
    const since = Object.entries(await this.counts()).map(
      ([what, count]) => [what, count - (before[what] ?? 0)] as const,
    );
    const wrong = since.filter(([, count]) => count !== orders);
    if (wrong.length === 0) return;
    const told = wrong.map(([what, count]) => `${count} ${what}`).join(', ');
    throw new Error(`lost or doubled: ${orders} orders were answered, and there are ${told}`);
  }

  /** A database beside the shop's own. */
  async createDatabase(name: string): Promise<URL> {
    const { postgresUrl } = this.#process;
    const client = new Client({ connectionString: postgresUrl });
    await client.connect();
    try {
      await client.query(`CREATE DATABASE ${name}`);
    } finally {
      await client.end();
    }
    const url = new URL(postgresUrl);
    url.pathname = `/${name}`;
    return url;
  }

  async stop(): Promise<void> {
    this.#process.signal('SIGTERM');
    await this.#process.ended;
  }

  /** Past the shop, which offers no way to make a product with stock. */
  #fillPage(): void {
    const open = (name: string) =>
      new Database(join(this.dataDir, `${name}.sqlite`), { fileMustExist: true });
    const [catalogue, inventory] = [open('product'), open('inventory')];
    try {
      const { count } = catalogue.prepare('SELECT count(*) AS count FROM products').get() as {
        count: number;
      };
      const stock = inventory.prepare('INSERT INTO stock (product_id, available, stocked) VALUES (?, ?, ?)');
      const store = new ProductStore(catalogue);
      for (let id = count + 1; id <= products; id++) {
        const words = { name: `Product ${id}`, description: 'To fill a page', imageUrl: '' };
        store.insert({ ...words, priceCents: 999 }, new Date().toISOString());
        stock.run(id, plenty, plenty);
      }
    } finally {
      catalogue.close();
      inventory.close();
    }
  }
}
