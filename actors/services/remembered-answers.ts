import { hash } from 'node:crypto';
import type { Clock } from '@trolley/runtime';
import type { SqliteDatabase } from '@trolley/runtime/sqlite';
import type { IncomingCall } from './grpc/incoming-call.ts';
import { RpcError } from './grpc/rpc-error.ts';
import type { UnaryMethod } from './grpc/unary-method.ts';

/** The table of a service that remembers answers, as one of its migrations. */
export const rememberedAnswersMigration = `
  -- What calls under an idempotency key were answered, as it stands on the wire.
  CREATE TABLE remembered_answers (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    answer BLOB NOT NULL,
    answered_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX remembered_answers_age ON remembered_answers (answered_at);`;

const retentionMs = 24 * 60 * 60 * 1000;
const longestKey = 512;

interface Remembered {
  readonly request: string;
  readonly answer: Buffer;
}

/** Makes a change that comes again under its idempotency key once, and answers it as the first time, for a day. */
export class RememberedAnswers {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #find;
  readonly #put;
  readonly #forget;

  constructor(database: SqliteDatabase, clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
    this.#find = database.prepare<[string], Remembered>(
      'SELECT request, answer FROM remembered_answers WHERE key = ?',
    );
    this.#put = database.prepare<[Remembered & { key: string; now: number }]>(
      `INSERT INTO remembered_answers (key, request, answer, answered_at) VALUES (@key, @request, @answer, @now)`,
    );
    this.#forget = database.prepare<[number]>('DELETE FROM remembered_answers WHERE answered_at < ?');
  }

  /**
   * What `change` answers, or has answered. To be called within the transaction of the change; what throws is not
   * remembered.
   * @throws ActorError `idempotency_key_reused` when the key is that of another request
   */
  once<Request, Response>(
    { idempotencyKey: key }: Pick<IncomingCall, 'idempotencyKey'>,
    method: UnaryMethod<Request, Response>,
    request: Request,
    change: () => Response,
  ): Response {
    if (key === undefined) return change();
    if (key === '' || key.length > longestKey) {
      throw new RpcError('invalid_request', `metadata idempotency-key: 1 to ${longestKey} characters`);
    }
    const now = this.#clock.now();
    this.#forget.run(now - retentionMs);
    const asked = hash('sha256', Buffer.concat([Buffer.from(method.path), method.requestSerialize(request)]));
    const known = this.#find.get(key);
    if (known !== undefined) {
      if (known.request === asked) return method.responseDeserialize(known.answer);
      throw new RpcError('idempotency_key_reused', 'this idempotency key was used for another request');
    }
    const response = change();
    this.#put.run({ key, request: asked, answer: method.responseSerialize(response), now });
    return response;
  }
}
