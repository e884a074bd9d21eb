import { expect } from 'chai';
import { ActorError } from '../define/errors.ts';
import { isForeseen, levelOfRetry, reasonOf } from './reason.ts';

const withCode = (code: string | number, message = 'what the driver says', facts: object = {}) =>
  Object.assign(new Error(message), { code, ...facts });

describe('reasonOf', () => {
  const refused = withCode('ECONNREFUSED', 'connect ECONNREFUSED 10.0.0.1:6379', {
    address: '10.0.0.1',
    port: 6379,
  });
  const cases: readonly (readonly [what: string, error: unknown, reason: string])[] = [
    ['an address without a listener', refused, 'connection refused by 10.0.0.1:6379'],
    [
      'several addresses without one',
      new AggregateError([refused, refused]),
      'connection refused by 10.0.0.1:6379',
    ],
    ['a host that is not there', withCode('ENOTFOUND', '', { hostname: 'db' }), 'there is no host db'],
    ['a full disk', withCode('ENOSPC'), 'the disk is full'],
    ['a full disk below SQLite', withCode('SQLITE_FULL', 'database or disk is full'), 'the disk is full'],
    ['a full disk below PostgreSQL', withCode('53100', 'could not extend file'), 'the disk is full'],
    ['a full disk below MongoDB', withCode(14031), 'the disk is full'],
    [
      'a full disk below Redis',
      new Error('MISCONF Errors writing to the AOF file: No space left on device'),
      'the disk is full',
    ],
    [
      'a Redis that cannot write its snapshot',
      new Error('MISCONF Redis is configured to save RDB snapshots, but ...'),
      'it cannot write to its disk (MISCONF)',
    ],
    [
      'a full Redis',
      new Error("OOM command not allowed when used memory > 'maxmemory'."),
      'its memory is full (OOM)',
    ],
    [
      'a Redis that wants a password',
      new Error('NOAUTH HELLO must be called with the client already authenticated, otherwise ...'),
      'it wants a password (NOAUTH)',
    ],
    [
      'a Redis that does not take the password',
      new Error('WRONGPASS invalid username-password pair or user is disabled.'),
      'it takes no such user and password (WRONGPASS)',
    ],
    ['a command without an answer', new Error('Command timed out'), 'no answer in time'],
    [
      'what PostgreSQL says by itself',
      withCode('28P01', 'password authentication failed for user "trolley"'),
      'password authentication failed for user "trolley"',
    ],
    [
      'an error with its cause',
      new ActorError('unavailable', 'table orders: the database does not answer', { cause: refused }),
      'table orders: the database does not answer: connection refused by 10.0.0.1:6379',
    ],
    ['a password and lines', new Error('postgres://u:pw@db/x\n  is down'), 'postgres://u:***@db/x is down'],
    ['a cause that is no error', new Error('gone', { cause: { payload: 'pw' } }), 'gone'],
    ['no error', 'gone', 'gone'],
    ['an error without words', new Error(), 'for no reason given'],
  ];
  for (const [what, error, reason] of cases) {
    it(`tells ${what}`, () => expect(reasonOf(error)).to.equal(reason));
  }
});

describe('isForeseen', () => {
  const foreseen: readonly unknown[] = [
    new ActorError('insufficient_stock', 'sold out'),
    new ActorError('unavailable', 'down', { cause: new TypeError('whatever') }),
    withCode('ECONNREFUSED'),
    withCode('57P03', 'the database system is starting up'),
    withCode('42501', 'permission denied for schema public'),
    withCode('SQLITE_FULL'),
    Object.assign(new Error('READONLY You cannot write'), { name: 'ReplyError' }),
    new Error('Connection is closed.'),
    new Error('Connection terminated unexpectedly'),
    new Error('a wrapper', { cause: withCode('ECONNRESET') }),
  ];
  const unforeseen: readonly unknown[] = [
    new TypeError('x is not a function'),
    new ActorError('internal', 'table orders: syntax error', { cause: withCode('42601') }),
    withCode('42601', 'syntax error'),
    new Error('who knows'),
    undefined,
  ];
  it('parts what servers do now and then from faults of this program', () => {
    for (const error of foreseen) expect(isForeseen(error), String(error)).to.equal(true);
    for (const error of unforeseen) expect(isForeseen(error), String(error)).to.equal(false);
    expect(levelOfRetry(foreseen[0])).to.equal('debug');
    expect(levelOfRetry(unforeseen[0])).to.equal('warn');
  });
});
