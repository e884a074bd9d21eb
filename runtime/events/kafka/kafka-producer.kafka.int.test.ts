import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { LogEvent } from '../event-log.ts';
import { countIn, messagesIn, TestKafkaLog } from '../../testing/kafka/test-kafka-log.ts';

describe('appending to Kafka', () => {
  let topic: string;
  let log: TestKafkaLog;

  beforeEach(async () => {
    const scope = randomUUID();
    topic = `topic-${scope}`;
    log = new TestKafkaLog({ scope, sendLimitMs: 2_000 });
    await log.append(topic, [eventOf('first')]);
  });
  afterEach(() => log.close());

  const eventOf = (id: string, value = '{}'): LogEvent => ({
    ...{ id, key: 'a', type: 'Counted', value, headers: {} },
  });
  const outcomeOf = (append: Promise<void>) =>
    append.then(
      () => 'appended',
      (error: unknown) => (error as { code: string }).code,
    );
  const idsInTopic = async () => {
    const messages = await messagesIn(topic);
    return messages.map(({ headers }) => String(headers?.['event_id']));
  };
  const untilThere = async (count: number) => {
    while ((await countIn(topic)) < count) await new Promise((resolve) => setImmediate(resolve));
  };

  it('appends once although the line broke before the answer', async () => {
    log.deafen();
    const appending = log.append(topic, [eventOf('second')]);
    await untilThere(2);
    log.cut();
    await appending;
    expect(await idsInTopic()).to.deep.equal(['first', 'second']);
  });

  it('loses nothing after an append whose outcome it does not know', async () => {
    log.deafen();
    expect(await outcomeOf(log.append(topic, [eventOf('unknown')]))).to.equal('unavailable');
    await log.append(topic, [eventOf('next')]);
    expect(await idsInTopic()).to.deep.equal(['first', 'unknown', 'next']);
  });

  it('refuses within its limit while Kafka can not be reached, and keeps nothing back for later', async () => {
    log.die();
    const refused = ['1', '2', '3'].map((id) => outcomeOf(log.append(topic, [eventOf(id)])));
    expect(await Promise.all(refused)).to.deep.equal(['unavailable', 'unavailable', 'unavailable']);
    log.revive();
    await log.append(topic, [eventOf('next')]);
    expect(await idsInTopic()).to.deep.equal(['first', 'next']);
  });

  it('lets only so many wait', async () => {
    log.deafen();
    const appends = Array.from({ length: 1_200 }, (_, n) => log.append(topic, [eventOf(String(n))]));
    const refusals = await Promise.all(appends.map((append) => append.catch((error: unknown) => error)));
    const overflown = refusals.filter((error) => /too many waiting/.test(String((error as Error).cause)));
    expect(overflown).to.have.length(200);
    expect(refusals.map((error) => (error as { code: string }).code)).to.deep.equal(
      Array(1_200).fill('unavailable'),
    );
  });

  it('takes more at once than fits into one request, in order', async () => {
    const ids = Array.from({ length: 500 }, (_, n) => `large-${n}`);
    await log.append(
      topic,
      ids.map((id) => eventOf(id, JSON.stringify('x'.repeat(6_000)))),
    );
    expect(await idsInTopic()).to.deep.equal(['first', ...ids]);
  });
});
