import { expect } from 'chai';
import type { EventLog, LogEvent } from '../../events/event-log.ts';
import { Consumer, eventOf, idsOf, untilCommitted } from './event-consumer.ts';
import { describeEventDeadLetters } from './event-dead-letters.suite.ts';
import { describeLogReads } from './event-log-reads.suite.ts';

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

    describeLogReads(() => ({ log, topic }));
    describeEventDeadLetters(() => ({ log, topic }));
  });
}
