import { expect } from 'chai';
import { contractionIn, isMarkedContraction } from './contraction.ts';

describe('contractionIn', () => {
  const contractions: [sql: string, words: string][] = [
    ['DROP TABLE orders', 'DROP TABLE'],
    ['ALTER TABLE orders\n  DROP\n  COLUMN details', 'DROP COLUMN'],
    ['ALTER TABLE orders DROP details', 'DROP details'],
    ['ALTER TABLE orders ALTER currency DROP DEFAULT', 'DROP DEFAULT'],
    ['drop trigger outbox_events_notify on outbox_events', 'drop trigger'],
    ['ALTER TABLE orders RENAME COLUMN a TO b', 'RENAME'],
    ['ALTER TABLE orders ALTER COLUMN a SET NOT NULL', 'SET NOT NULL'],
    ['ALTER TABLE orders ALTER COLUMN a TYPE BIGINT', 'ALTER COLUMN a TYPE'],
    ['ALTER TABLE orders ALTER a SET DATA TYPE BIGINT', 'ALTER a SET DATA TYPE'],
    ['ALTER TABLE orders ADD CONSTRAINT c CHECK (a > 0)', 'ADD CONSTRAINT'],
    ['ALTER TABLE orders ADD COLUMN a INT NOT NULL', 'ADD COLUMN a INT NOT NULL'],
    ['TRUNCATE orders', 'TRUNCATE'],
    ['DELETE FROM orders WHERE true', 'DELETE FROM'],
  ];
  for (const [sql, words] of contractions) {
    it(`sees what is taken away by ${JSON.stringify(sql)}`, () => {
      expect(contractionIn(`CREATE TABLE t (a INT);\n${sql};`)).to.equal(words);
    });
  }

  const expansions = [
    'CREATE TABLE t (a INT NOT NULL, UNIQUE (a))',
    'ALTER TABLE orders ADD COLUMN a INT',
    "ALTER TABLE orders ADD COLUMN a INT NOT NULL DEFAULT 0, ADD COLUMN b TEXT DEFAULT 'x' NOT NULL",
    'ALTER TABLE orders ALTER COLUMN a DROP NOT NULL',
    'DROP INDEX orders_by_user',
    'CREATE INDEX i ON orders (a) WHERE b IS NOT NULL',
    '-- once we DROP TABLE orders\n/* RENAME\n */ CREATE TABLE t (a INT)',
    "INSERT INTO t VALUES ('DROP TABLE it''s')",
    'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $x$ BEGIN DELETE FROM t; END $x$',
  ];
  for (const sql of expansions) {
    it(`sees nothing taken away by ${JSON.stringify(sql)}`, () => {
      expect(contractionIn(sql)).to.equal(undefined);
    });
  }
});

describe('isMarkedContraction', () => {
  it('wants a reason', () => {
    expect(isMarkedContraction('-- contract: nobody reads it since 0.4\nDROP TABLE t')).to.equal(true);
    expect(isMarkedContraction('-- contract:\nDROP TABLE t')).to.equal(false);
    expect(isMarkedContraction("SELECT '-- contract: x'")).to.equal(false);
  });
});
