import { expect } from 'chai';
import { eventDeadLetters } from '../../events/event-dead-letters.ts';
import type { EventLog, LogEvent, LogQuery, LogRecord, Subscription } from '../../events/event-log.ts';

export interface EventLogUnderTest<L extends EventLog> {
  /** Opens the log as another process would. */
  open(): Promise<L>;
  /** Ends a log like a killed process: nothing is committed or handed over. */
  crash(log: L): Promise<void>;
  /** A topic that was never used, with several partitions. */
  topic(): Promise<string>;
  /** A group as the server knows it. Left out: as it is called. */
  groupOf?(group: string): string;
  /** Resolves when so many take part in the group and none is joining. Left out: one of them works for all. */
  assembled?(group: string, members: number): Promise<void>;
  close(): Promise<void>;
}

let events = 0;

/** An event with the headers that the relay gives each. */
function eventOf(key: string, value = 'null'): LogEvent {
  const id = `event-${++events}`;
  return {
    id,
    key,
    type: 'Counted',
    value,
    headers: { event_type: 'Counted', event_id: id, traceparent: '00-ä' },
  };
}

/** Remembers what it was called with, and lets a test wait for it or hold it up. */
class Consumer {
  readonly seen: LogRecord[] = [];
  readonly #gates = new Map<string, Promise<void>>();
  #heard: () => void = () => {};

  readonly handle = async (record: LogRecord): Promise<void> => {
    this.seen.push(record);
    this.#heard();
    await this.#gates.get(record.key);
  };

  /** Holds records of the key up until the returned function is called. */
  hold(key: string): () => void {
    let open = () => {};
    this.#gates.set(key, new Promise((resolve) => (open = resolve)));
    return () => {
      this.#gates.delete(key);
      open();
    };
  }

  async until(condition: (seen: readonly LogRecord[]) => boolean): Promise<readonly LogRecord[]> {
    while (!condition(this.seen)) await new Promise<void>((resolve) => (this.#heard = resolve));
    return this.seen;
  }

  untilSeen(expected: readonly LogEvent[]): Promise<readonly LogRecord[]> {
    return this.until((seen) => expected.every(({ id }) => seen.some((record) => record.id === id)));
  }

  ids(key?: string): string[] {
    return this.seen.filter((record) => key === undefined || record.key === key).map(({ id }) => id);
  }
}

async function untilCommitted(subscription: Subscription): Promise<void> {
  while ((await subscription.lag()) > 0) await new Promise((resolve) => setImmediate(resolve));
}

const idsOf = (some: readonly LogEvent[]) => some.map(({ id }) => id);

/** What every event log keeps. */
export function describeEventLog<L extends EventLog>(
  name: string,
  start: () => Promise<EventLogUnderTest<L>>,
): void {
  describe(`event log: ${name}`, () => {
    let under: EventLogUnderTest<L>;
    let log: L;
    let topic: string;
    let consumer: Consumer;
    const subscribe = (to: Consumer, on: EventLog = log, group = 'readers') =>
      on.subscribe({ topic, group, handle: to.handle });

    beforeEach(async () => {
      under = await start();
      log = await under.open();
      topic = await under.topic();
      consumer = new Consumer();
    });
    afterEach(() => under.close());

    /** Keys that lie in different partitions, found by asking the log. */
    async function keysApart(): Promise<readonly [string, string]> {
      const probe = Array.from({ length: 12 }, (_, n) => eventOf(`key-${n}`));
      const finder = new Consumer();
      await log.append(topic, probe);
      const subscription = await subscribe(finder, log, 'finders');
      const [one, ...rest] = await finder.untilSeen(probe);
      await subscription.close();
      const other = rest.find((record) => record.partition !== one?.partition);
      if (one === undefined || other === undefined) throw new Error('all keys lie in one partition');
      return [one.key, other.key];
    }

    it('gives each event whole, from the earliest on', async () => {
      const sent = [
        eventOf('a', '{"text":"ä \\"x\\" 漢"}'),
        eventOf('b', '1'),
        eventOf('c', 'not json \u0000'),
      ];
      await log.append(topic, sent);
      await subscribe(consumer);
      const seen = await consumer.untilSeen(sent);
      for (const event of sent) {
        const { partition, offset, headers, ...rest } = seen.find(({ id }) => id === event.id)!;
        expect(rest).to.deep.equal({ id: event.id, key: event.key, type: event.type, value: event.value });
        expect(headers).to.include(event.headers);
        expect(partition).to.be.a('number');
        expect(offset).to.be.a('string');
      }
    });

    it('keeps the order of each key, over many appends', async () => {
      await subscribe(consumer);
      const sent: LogEvent[] = [];
      for (let round = 0; round < 10; round++) {
        const some = Array.from({ length: 40 }, (_, n) => eventOf(`key-${n % 13}`));
        sent.push(...some);
        await log.append(topic, some);
      }
      await consumer.untilSeen(sent);
      for (const key of new Set(sent.map((event) => event.key))) {
        expect(consumer.ids(key), key).to.deep.equal(idsOf(sent.filter((event) => event.key === key)));
      }
    });

    it('puts events of one key into one partition', async () => {
      const sent = Array.from({ length: 30 }, (_, n) => eventOf(`key-${n % 10}`));
      await log.append(topic, sent);
      await subscribe(consumer);
      const seen = await consumer.untilSeen(sent);
      const places = new Set(seen.map(({ key, partition }) => `${key} ${partition}`));
      expect(places.size, 'pairs of key and partition').to.equal(10);
      expect(new Set(seen.map(({ partition }) => partition)).size, 'partitions in use').to.be.greaterThan(1);
    });

    it('appends again what is appended again', async () => {
      const event = eventOf('a');
      await log.append(topic, [event]);
      await log.append(topic, [event]);
      await subscribe(consumer);
      await consumer.until((seen) => seen.length === 2);
      expect(consumer.ids()).to.deep.equal([event.id, event.id]);
    });

    it('takes an append of nothing', async () => {
      await log.append(topic, []);
    });

    it('commits only after the handler resolved', async () => {
      const release = consumer.hold('a');
      const sent = [eventOf('a'), eventOf('a'), eventOf('a')];
      const subscription = await subscribe(consumer);
      await log.append(topic, sent);
      await consumer.untilSeen(sent.slice(0, 1));
      expect(await subscription.lag()).to.equal(3);
      release();
      await untilCommitted(subscription);
      expect(consumer.ids()).to.deep.equal(idsOf(sent));
    });

    it('calls a handler that failed again with the same record, and lets nothing overtake it', async () => {
      const sent = [eventOf('a'), eventOf('a')];
      let failures = 2;
      const attempts: string[] = [];
      const subscription = await log.subscribe({
        topic,
        group: 'readers',
        handle: async (record) => {
          attempts.push(record.id);
          if (failures-- > 0) throw new Error('the store is down');
        },
      });
      await log.append(topic, sent);
      await untilCommitted(subscription);
      const [first, second] = idsOf(sent);
      expect(attempts).to.deep.equal([first, first, first, second]);
    });

    it('goes on in other partitions while one is blocked', async () => {
      const [blocked, free] = await keysApart();
      const subscription = await subscribe(consumer);
      await untilCommitted(subscription);
      const release = consumer.hold(blocked);
      const held = Array.from({ length: 300 }, () => eventOf(blocked));
      await log.append(topic, held);
      for (let n = 0; n < 3; n++) {
        const passing = [eventOf(free), eventOf(free)];
        await log.append(topic, passing);
        await consumer.untilSeen(passing);
      }
      expect(idsOf(held).filter((id) => consumer.ids(blocked).includes(id))).to.have.length(1);
      release();
      await consumer.untilSeen(held);
    });

    it('gives every event to each group, and blocks no group with another', async () => {
      const slow = new Consumer();
      const release = slow.hold('a');
      await subscribe(slow, log, 'slow');
      await subscribe(consumer, log, 'fast');
      const sent = [eventOf('a'), eventOf('a'), eventOf('b')];
      await log.append(topic, sent);
      await consumer.untilSeen(sent);
      release();
      await slow.untilSeen(sent);
    });

    it('keeps topics apart', async () => {
      const other = await under.topic();
      await log.append(other, [eventOf('a')]);
      const event = eventOf('a');
      await log.append(topic, [event]);
      await subscribe(consumer);
      await consumer.untilSeen([event]);
      expect(consumer.ids()).to.deep.equal([event.id]);
    });

    it('goes on where a closed subscription ended, with nothing handled twice', async () => {
      const early = [eventOf('a'), eventOf('a'), eventOf('b')];
      await log.append(topic, early);
      const subscription = await subscribe(consumer);
      await untilCommitted(subscription);
      await subscription.close();
      const late = [eventOf('a'), eventOf('b')];
      await log.append(topic, late);
      const next = new Consumer();
      await subscribe(next, await under.open());
      await next.untilSeen(late);
      expect(next.ids()).to.have.members(idsOf(late));
    });

    it('waits for the handler under way when it closes, and commits what that did', async () => {
      const release = consumer.hold('a');
      const first = eventOf('a');
      await log.append(topic, [first]);
      const subscription = await subscribe(consumer);
      await consumer.untilSeen([first]);
      const closing = subscription.close();
      release();
      await closing;
      const second = eventOf('a');
      await log.append(topic, [second]);
      const next = new Consumer();
      await subscribe(next, await under.open());
      await next.untilSeen([second]);
      expect(next.ids()).to.deep.equal([second.id]);
    });

    it('closes while a handler fails again and again', async () => {
      const failing = new Consumer();
      const subscription = await log.subscribe({
        topic,
        group: 'readers',
        handle: async (record) => {
          await failing.handle(record);
          throw new Error('the store is down');
        },
      });
      const event = eventOf('a');
      await log.append(topic, [event]);
      await failing.untilSeen([event]);
      await subscription.close();
      await subscribe(consumer);
      await consumer.untilSeen([event]);
    });

    it('gives a record again whose handler was under way in a crash, and nothing that was committed', async () => {
      const [crashing, heir] = [log, await under.open()];
      const done = [eventOf('a'), eventOf('b')];
      const subscription = await subscribe(consumer, crashing);
      await log.append(topic, done);
      await untilCommitted(subscription);
      consumer.hold('a');
      const open = eventOf('a');
      await log.append(topic, [open]);
      await consumer.untilSeen([open]);
      const next = new Consumer();
      await subscribe(next, heir);
      await under.crash(crashing);
      const [first] = await next.untilSeen([open]);
      expect(first?.id).to.equal(open.id);
      expect(next.ids()).to.deep.equal([open.id]);
    });

    it('handles each event once while several members of a group live', async () => {
      const members = [log, await under.open(), await under.open()];
      const consumers = members.map(() => new Consumer());
      const subscriptions = await Promise.all(members.map((each, n) => subscribe(consumers[n]!, each)));
      await under.assembled?.('readers', members.length);
      const sent = Array.from({ length: 120 }, (_, n) => eventOf(`key-${n % 17}`));
      for (let n = 0; n < sent.length; n += 20) await log.append(topic, sent.slice(n, n + 20));
      await untilCommitted(subscriptions[0]!);
      const handled = consumers.flatMap((each) => each.ids());
      expect(handled.sort()).to.deep.equal(idsOf(sent).sort());
    });

    it('lets another member go on when one closes', async () => {
      const other = await under.open();
      const next = new Consumer();
      const subscription = await subscribe(consumer);
      const early = eventOf('a');
      await log.append(topic, [early]);
      await untilCommitted(subscription);
      await subscribe(next, other);
      await log.close();
      const late = [eventOf('a'), eventOf('b')];
      await other.append(topic, late);
      await next.untilSeen(late);
      expect(next.ids()).to.have.members(idsOf(late));
    });

    it('moves what was rejected to the dead letters, whole and with the reason, and goes on', async () => {
      const bad = eventOf('a', 'not { json');
      const good = eventOf('a', '{}');
      const subscription = await log.subscribe({
        topic,
        group: 'readers',
        handle: (record) =>
          record.id === bad.id ? log.reject(topic, record, 'no JSON: ä') : consumer.handle(record),
      });
      await log.append(topic, [bad, good]);
      await consumer.untilSeen([good]);
      await untilCommitted(subscription);
      const letters = new Consumer();
      await log.subscribe({ topic: `${topic}.dlq`, group: 'undertaker', handle: letters.handle });
      const [letter] = await letters.untilSeen([bad]);
      expect(letter).to.include({ id: bad.id, key: bad.key, type: bad.type, value: bad.value });
      expect(letter?.headers).to.include({ ...bad.headers, reason: 'no JSON: ä' });
    });

    it('tells how far a group is behind in each partition', async () => {
      const [held, free] = await keysApart();
      const group = under.groupOf?.('readers') ?? 'readers';
      const lags = async () => (await log.lag(topic, group)).map(({ records }) => records);
      const before = await subscribe(consumer);
      await untilCommitted(before);
      const release = consumer.hold(held);
      await log.append(topic, [eventOf(held), eventOf(held), eventOf(free)]);
      const partitionIn = (key: string) =>
        consumer.seen.find((record) => record.key === key)?.partition ?? -1;
      const expected = (await lags()).map((_, partition) => (partition === partitionIn(held) ? 2 : 0));
      while (String(await lags()) !== String(expected)) await new Promise((resolve) => setImmediate(resolve));
      release();
      await untilCommitted(before);
      expect(new Set(await lags())).to.deep.equal(new Set([0]));
      const nobody = await log.lag(topic, `nobody-${topic}`);
      expect(nobody.map(({ partition }) => partition)).to.deep.equal([...nobody.keys()]);
      expect(nobody.reduce((sum, { records }) => sum + records, 0)).to.equal(consumer.seen.length);
    });

    describe('read without a group', () => {
      const read = async (query: LogQuery = {}, from = topic) => (await log.read(from, query)).records;

      it('gives the latest first, whole, and the page behind it', async () => {
        const sent = Array.from({ length: 25 }, (_, n) => eventOf(`key-${n % 7}`, `"${n} ä"`));
        for (const event of sent) await log.append(topic, [event]);
        const seen: string[] = [];
        for (let cursor: string | undefined, pages = 0; ; pages++) {
          const page = await log.read(topic, { limit: 10, cursor });
          seen.push(...idsOf(page.records));
          cursor = page.cursor;
          if (cursor === undefined) break;
          expect(page.records, `page ${pages}`).to.have.length(10);
        }
        expect(seen).to.have.members(idsOf(sent));
        for (const key of new Set(sent.map((event) => event.key))) {
          const mine = idsOf(sent.filter((event) => event.key === key));
          expect(
            seen.filter((id) => mine.includes(id)),
            key,
          ).to.deep.equal(mine.reverse());
        }
        const [latest] = await read({ id: sent.at(-1)!.id });
        const { partition, offset, headers, appendedAt, ...event } = latest!;
        const { headers: sentHeaders, ...whole } = sent.at(-1)!;
        expect(event).to.deep.equal(whole);
        expect(headers).to.include(sentHeaders);
        expect([typeof partition, typeof offset, typeof appendedAt]).to.deep.equal([
          'number',
          'string',
          'number',
        ]);
      });

      it('finds events by key, id and type', async () => {
        const sent = [eventOf('a'), eventOf('b'), { ...eventOf('a'), type: 'Weighed' }];
        const [first, second, third] = idsOf(sent);
        for (const event of sent) {
          await log.append(topic, [{ ...event, headers: { ...event.headers, event_type: event.type } }]);
        }
        expect(idsOf(await read({ key: 'a' }))).to.deep.equal([third, first]);
        expect(idsOf(await read({ id: second! }))).to.deep.equal([second]);
        expect(idsOf(await read({ key: 'a', type: 'Weighed' }))).to.deep.equal([third]);
        expect(idsOf(await read({ key: 'c' }))).to.deep.equal([]);
      });

      it('finds events by when they were appended', async () => {
        const sent = [eventOf('a'), eventOf('a'), eventOf('a')];
        const now = async () => (await read({ limit: 1 }))[0]?.appendedAt ?? 0;
        let middle = 0;
        for (const event of sent) {
          // Until the clock of the log has moved on.
          for (let last = await now(); ;) {
            await log.append(topic, [{ ...event, id: `${event.id} too early` }]);
            if ((await now()) > last) break;
          }
          await log.append(topic, [event]);
          if (event === sent[1]) middle = (await read({ id: event.id }))[0]!.appendedAt;
        }
        const isSent = (id: string) => idsOf(sent).includes(id);
        const [first, second, third] = idsOf(sent);
        expect(idsOf(await read({ until: middle })).filter(isSent)).to.deep.equal([first]);
        expect(idsOf(await read({ since: middle })).filter(isSent))
          .to.include(second)
          .and.include(third);
        expect(idsOf(await read({ since: middle, until: middle + 1 })).filter(isSent)).to.include(second);
        expect(idsOf(await read({ since: middle })).filter(isSent)).not.to.include(first);
      });

      it('finds nothing in a topic that nobody has used', async () => {
        expect(await log.read(topic)).to.deep.equal({ records: [] });
      });

      it('refuses a limit and a cursor that are none', async () => {
        for (const query of [{ limit: 0 }, { limit: 501 }, { cursor: 'x' }]) {
          const refused: unknown = await log.read(topic, query).catch((error: unknown) => error);
          expect(refused, JSON.stringify(query)).to.have.property('code', 'invalid_request');
        }
      });
    });

    describe('its dead letters', () => {
      const reject = async (...bad: LogEvent[]) => {
        const ids = idsOf(bad);
        const rejected = new Set<string>();
        const handle = async (record: LogRecord) => {
          if (ids.includes(record.id) && !rejected.has(record.id)) {
            await log.reject(topic, record, `no good: ${record.value}`);
            rejected.add(record.id);
          } else await consumer.handle(record);
        };
        const subscription = await log.subscribe({ topic, group: 'readers', handle });
        await log.append(topic, bad);
        while (rejected.size < bad.length) await new Promise((resolve) => setImmediate(resolve));
        return subscription;
      };
      const letters = () => eventDeadLetters(log, topic);
      const listed = async () => (await letters().list()).items.map(({ record }) => record.id);

      it('are found with their reason, replayed whole, and gone', async () => {
        const bad = eventOf('a', '{"a":"ä"}');
        await reject(bad);
        const [letter] = (await letters().list()).items;
        expect(letter).to.include({ reason: 'no good: {"a":"ä"}' });
        await letters().replay(letter!);
        const [again] = await consumer.untilSeen([bad]);
        expect(again).to.include({ id: bad.id, key: bad.key, type: bad.type, value: bad.value });
        expect(again?.headers).to.include(bad.headers).and.not.have.property('reason');
        expect(await listed()).to.deep.equal([]);
        expect(await letters().get(letter!.id)).to.equal(undefined);
      });

      it('are discarded, which the topic tells with the reason, and stay gone', async () => {
        const [one, other] = [eventOf('a', '1'), eventOf('b', '2')];
        await reject(one, other);
        const [letter] = (await letters().list({ eventId: one.id })).items;
        await letters().discard(letter!, 'a test');
        expect(await listed()).to.deep.equal([other.id]);
        const [mark] = (await log.read(`${topic}.dlq`, { type: 'DeadLetterClosed' })).records;
        const told = { closes: letter!.id, event_id: one.id, outcome: 'discarded', reason: 'a test' };
        expect(JSON.parse(mark!.value)).to.deep.equal(told);
      });

      it('are one for each event, by however many groups it was rejected, and are dealt with as one', async () => {
        const bad = eventOf('a', 'x');
        const rejections = ['not this', 'nor that', 'not this'];
        await log.append(topic, [bad]);
        const [record] = (await log.read(topic, { id: bad.id })).records;
        for (const reason of rejections) await log.reject(topic, record!, reason);
        const { items, total } = await letters().list();
        expect(total).to.equal(1);
        const [letter] = items;
        expect(letter).to.include({ reason: 'not this; nor that' });
        expect(letter?.earlier).to.have.length(2);
        for (const id of letter!.earlier) expect((await letters().get(id))?.id).to.equal(letter!.id);
        await letters().replay(letter!);
        expect(await listed()).to.deep.equal([]);
        const published = (await log.read(topic, { id: bad.id })).records;
        expect(published).to.have.length(2);
      });

      it('are listed by what is asked for, with how many there are', async () => {
        const bad = [eventOf('a', 'Red'), eventOf('a', 'blue'), eventOf('b', 'blue')];
        await reject(...bad);
        const find = async (...query: Parameters<ReturnType<typeof letters>['list']>) => {
          const { items, total } = await letters().list(...query);
          return { ids: items.map(({ record }) => record.id), total };
        };
        const [red, blue, other] = idsOf(bad);
        expect(await find({ reason: 'red' })).to.deep.equal({ ids: [red], total: 1 });
        expect(await find({ key: 'a', reason: 'blue' })).to.deep.equal({ ids: [blue], total: 1 });
        expect(await find({ type: 'Weighed' })).to.deep.equal({ ids: [], total: 0 });
        const two = await find({ reason: 'BLUE' }, 1);
        expect(two.total).to.equal(2);
        expect([blue, other]).to.include(two.ids[0]);
        expect((await find({ before: 1 })).total).to.equal(0);
        expect((await find({ after: 1 })).total).to.equal(3);
      });

      it('are not named by just any text', async () => {
        const refused: unknown = await letters()
          .get('first')
          .catch((error: unknown) => error);
        expect(refused).to.have.property('code', 'invalid_request');
        expect(await letters().get('0-77')).to.equal(undefined);
      });
    });
  });
}
