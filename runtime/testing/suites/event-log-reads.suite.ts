import { expect } from 'chai';
import type { EventLog, LogQuery } from '../../events/event-log.ts';
import { eventOf, idsOf } from './event-consumer.ts';

/** What every event log tells whoever looks into it, without a group. */
export function describeLogReads(opened: () => { readonly log: EventLog; readonly topic: string }): void {
  describe('read without a group', () => {
    let log: EventLog;
    let topic: string;
    beforeEach(() => {
      ({ log, topic } = opened());
    });

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
}
