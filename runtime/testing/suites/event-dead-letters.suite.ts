import { expect } from 'chai';
import { eventDeadLetters } from '../../events/event-dead-letters.ts';
import type { EventLog, LogEvent, LogRecord } from '../../events/event-log.ts';
import { Consumer, eventOf, idsOf } from './event-consumer.ts';

/** What operators see of the dead letters of every event log, and do to them. */
export function describeEventDeadLetters(
  opened: () => { readonly log: EventLog; readonly topic: string },
): void {
  describe('its dead letters', () => {
    let log: EventLog;
    let topic: string;
    let consumer: Consumer;
    beforeEach(() => {
      ({ log, topic } = opened());
      consumer = new Consumer();
    });

    const reject = async (...bad: LogEvent[]) => {
      const ids = idsOf(bad);
      const rejected = new Set<string>();
      const handle = async (record: LogRecord) => {
        if (ids.includes(record.id) && !rejected.has(record.id)) {
          await log.reject(topic, record, `no good: ${record.value}`);
          rejected.add(record.id);
        } else await consumer.handle(record);
      };
      await log.subscribe({ topic, group: 'readers', handle });
      await log.append(topic, bad);
      while (rejected.size < bad.length) await new Promise((resolve) => setImmediate(resolve));
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
}
