import type { SqliteDatabase } from '@trolley/runtime/sqlite';
import { foldForSearch } from './search-text.ts';

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
  /** Part of a name or a description, in any case and form; empty for all. */
  readonly query: string;
  readonly limit: number;
}

type Row = ProductFields & { readonly searched: string };

function rowOf(fields: ProductFields): Row {
  return { ...fields, searched: searchedText(fields) };
}

const columns = `id, name, description, price_cents AS priceCents, image_url AS imageUrl, created_at AS createdAt`;

/** What a product is found by: the column `searched`. */
export function searchedText({ name, description }: Pick<ProductFields, 'name' | 'description'>): string {
  return foldForSearch(`${name}\n${description}`);
}

/** The products in SQLite. A deleted one keeps its row, so that its id is never given again. */
export class ProductStore {
  readonly #list;
  readonly #byIds;
  readonly #insert;
  readonly #update;
  readonly #delete;

  constructor(database: SqliteDatabase) {
    this.#list = database.prepare<[{ afterId: number; wanted: string; limit: number }], StoredProduct>(
      `SELECT ${columns} FROM products
       WHERE deleted_at IS NULL AND id > @afterId AND instr(searched, @wanted) > 0
       ORDER BY id LIMIT @limit`,
    );
    this.#byIds = database.prepare<[string], StoredProduct>(
      `SELECT ${columns} FROM products
       WHERE deleted_at IS NULL AND id IN (SELECT value FROM json_each(?)) ORDER BY id`,
    );
    this.#insert = database.prepare<[Row & { now: string }], StoredProduct>(
      `INSERT INTO products (name, description, price_cents, image_url, searched, created_at, updated_at)
       VALUES (@name, @description, @priceCents, @imageUrl, @searched, @now, @now) RETURNING ${columns}`,
    );
    this.#update = database.prepare<[Row & { id: number; now: string }], StoredProduct>(
      `UPDATE products SET name = @name, description = @description, price_cents = @priceCents,
         image_url = @imageUrl, searched = @searched, updated_at = @now
       WHERE id = @id AND deleted_at IS NULL RETURNING ${columns}`,
    );
    this.#delete = database.prepare<[{ id: number; now: string }]>(
      `UPDATE products SET deleted_at = @now, updated_at = @now WHERE id = @id AND deleted_at IS NULL`,
    );
  }

  /** In the order of their ids. */
  list({ afterId, query, limit }: ProductPage): StoredProduct[] {
    return this.#list.all({ afterId, wanted: foldForSearch(query), limit });
  }

  /** Those that there are, in the order of their ids. */
  byIds(ids: readonly number[]): StoredProduct[] {
    return this.#byIds.all(JSON.stringify(ids));
  }

  insert(fields: ProductFields, now: string): StoredProduct | undefined {
    return this.#insert.get({ ...rowOf(fields), now });
  }

  /** Undefined when there is no such product. */
  update(id: number, fields: Partial<ProductFields>, now: string): StoredProduct | undefined {
    const [current] = this.byIds([id]);
    return current && this.#update.get({ ...rowOf({ ...current, ...fields }), id, now });
  }

  /** False when there is no such product. */
  delete(id: number, now: string): boolean {
    return this.#delete.run({ id, now }).changes > 0;
  }
}
