import Database from 'better-sqlite3';
import { expect } from 'chai';
import { inventoryMigrations } from './inventory.schema.ts';
import { InventoryStore } from './inventory.store.ts';

describe('the rows of the inventory', () => {
  it('finds what it may forget without coming by what it has to keep', () => {
    const said: string[] = [];
    const database = new Database(':memory:', { verbose: (statement) => said.push(String(statement)) });
    for (const migration of inventoryMigrations) database.exec(migration);
    const store = new InventoryStore(database);
    said.length = 0;
    store.forget(2, 1, 500);
    const steps = [...said].flatMap((statement) =>
      database.prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${statement}`).all(),
    );
    database.close();
    const looks = steps.map(({ detail }) => detail).filter((detail) => detail.includes('updated_at'));
    // Each index has but what may be forgotten before the one time that is asked for.
    expect(looks).to.deep.equal([
      'SEARCH reservations USING INDEX reservations_unsold (updated_at<?)',
      'SEARCH reservations USING INDEX reservations_sold (updated_at<?)',
      'SEARCH reservations USING INDEX reservations_sold (updated_at<?)',
    ]);
  });
});
