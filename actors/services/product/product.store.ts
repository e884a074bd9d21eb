import type { SqliteDatabase } from '../../../runtime/storage/sqlite/sqlite-database.ts';

export interface StoredProduct {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly priceCents: number;
  readonly imageUrl: string;
  /** RFC 3339. */
  readonly createdAt: string;
}

export type ProductFields = Pick<StoredProduct, 'name' | 'description' | 'priceCents' | 'imageUrl'>;

export interface ProductPage {
  /** Only ids above this one. */
  readonly afterId: number;
  /** Part of a name or a description; empty for all. */
  readonly query: string;
  readonly limit: number;
}

const columns = `id, name, description, price_cents AS priceCents, image_url AS imageUrl, created_at AS createdAt`;

/** The products in SQLite. A deleted one keeps its row, so that its id is never given again. */
export class ProductStore {
  readonly #list;
  readonly #byIds;
  readonly #insert;
  readonly #update;
  readonly #delete;

  constructor(database: SqliteDatabase) {
    this.#list = database.prepare<[{ afterId: number; pattern: string; limit: number }], StoredProduct>(
      `SELECT ${columns} FROM products
       WHERE deleted_at IS NULL AND id > @afterId
         AND (name LIKE @pattern ESCAPE '\\' OR description LIKE @pattern ESCAPE '\\')
       ORDER BY id LIMIT @limit`,
    );
    this.#byIds = database.prepare<[string], StoredProduct>(
      `SELECT ${columns} FROM products
       WHERE deleted_at IS NULL AND id IN (SELECT value FROM json_each(?)) ORDER BY id`,
    );
    this.#insert = database.prepare<[ProductFields & { now: string }], StoredProduct>(
      `INSERT INTO products (name, description, price_cents, image_url, created_at, updated_at)
       VALUES (@name, @description, @priceCents, @imageUrl, @now, @now) RETURNING ${columns}`,
    );
    this.#update = database.prepare<[ProductFields & { id: number; now: string }], StoredProduct>(
      `UPDATE products SET name = @name, description = @description, price_cents = @priceCents,
         image_url = @imageUrl, updated_at = @now
       WHERE id = @id AND deleted_at IS NULL RETURNING ${columns}`,
    );
    this.#delete = database.prepare<[{ id: number; now: string }]>(
      `UPDATE products SET deleted_at = @now, updated_at = @now WHERE id = @id AND deleted_at IS NULL`,
    );
  }

  /** In the order of their ids. */
  list({ afterId, query, limit }: ProductPage): StoredProduct[] {
    const pattern = `%${query.replace(/[\\%_]/g, '\\$&')}%`;
    return this.#list.all({ afterId, pattern, limit });
  }

  /** Those that there are, in the order of their ids. */
  byIds(ids: readonly number[]): StoredProduct[] {
    return this.#byIds.all(JSON.stringify(ids));
  }

  insert(fields: ProductFields, now: string): StoredProduct | undefined {
    return this.#insert.get({ ...fields, now });
  }

  /** Undefined when there is no such product. */
  update(id: number, fields: Partial<ProductFields>, now: string): StoredProduct | undefined {
    const [current] = this.byIds([id]);
    return current && this.#update.get({ ...current, ...fields, id, now });
  }

  /** False when there is no such product. */
  delete(id: number, now: string): boolean {
    return this.#delete.run({ id, now }).changes > 0;
  }
}
