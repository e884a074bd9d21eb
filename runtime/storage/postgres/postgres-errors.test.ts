import { expect } from 'chai';
import pg from 'pg';
import { isLostRace, isRowRefused, postgresFailure } from './postgres-errors.ts';

/** As the server sends it, in whatever language. */
function refusalWith(code: string): pg.DatabaseError {
  const error = new pg.DatabaseError(`refused with ${code}`, 0, 'error');
  error.severity = 'FEHLER';
  error.code = code;
  return error;
}

/** Of each class of SQLSTATE one or more, and whom it tells of. */
const meanings: Readonly<Record<'the row' | 'a race' | 'the server', readonly string[]>> = {
  'the row': [
    ...['22000', '22001', '22003', '22007', '22008', '22012', '22021', '22P02', '22P05'],
    ...['23502', '23503', '23514', '23P01', '44000', '54000', '54001'],
  ],
  'a race': ['23505', '40001', '40P01'],
  'the server': [
    ...['01000', '02000', '03000', '08000', '08006', '08P01', '09000', '0A000', '0B000', '0F000', '0L000'],
    ...['0P000', '0Z000', '20000', '21000', '24000', '25000', '25006', '25P02', '25P03', '26000', '27000'],
    ...['28000', '28P01', '2B000', '2D000', '2F000', '34000', '38000', '39000', '3B000', '3D000', '3F000'],
    ...['42501', '42601', '42703', '42804', '42883', '42P01', '53000', '53100', '53200', '53300', '54011'],
    ...['55000', '55006', '55P03', '57014', '57P01', '57P02', '57P03', '57P05', '58000', '58030', '72000'],
    ...['F0000', 'HV000', 'P0001', 'XX000', 'XX001', 'XX002', '', '99999'],
  ],
};

describe('what PostgreSQL refuses', () => {
  for (const [whom, codes] of Object.entries(meanings)) {
    for (const code of codes) {
      it(`with ${code === '' ? 'no code' : code} tells of ${whom}`, () => {
        const error = refusalWith(code);
        expect(isLostRace(error), 'a race').to.equal(whom === 'a race');
        // A unique index that refuses for the second time, with nobody beside, refuses the row.
        const isRow = whom === 'the row' || code === '23505';
        expect(isRowRefused(error), 'the row').to.equal(isRow);
        expect(postgresFailure('t', error).code).to.equal(isRow ? 'internal' : 'unavailable');
      });
    }
  }

  it('is told in its own words, and a connection that breaks in ours', () => {
    expect(postgresFailure('t', refusalWith('53100')).message).to.equal(
      'table t: the database refuses for now: refused with 53100',
    );
    expect(postgresFailure('t', new Error('read ECONNRESET')).message).to.equal(
      'table t: the database does not answer',
    );
  });
});
