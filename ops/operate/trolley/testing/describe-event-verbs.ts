import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { EventLog } from '@trolley/runtime/events';
import { checkoutTopic } from '../../../../actors/checkout/checkout-completed.ts';
import { openTestTrolley, type TestTrolley } from './test-trolley.ts';

/** What the command does on an event log, which other tests may use as well. */
export function describeEventVerbs(name: string, open: () => Promise<EventLog>): void {
  describe(`npm run trolley on events, on ${name}`, () => {
    let log: EventLog;
    let trolley: TestTrolley;
    let user: string;
    before(async () => void (log = await open()));
    after(() => log.close());
    beforeEach(() => {
      trolley = openTestTrolley({ log });
      user = randomUUID();
    });

    async function append(value = '{}'): Promise<string> {
      const [id, type] = [randomUUID(), 'CheckoutCompleted'];
      const headers = { event_type: type, event_id: id, traceparent: '00-1' };
      await log.append(checkoutTopic, [{ id, key: user, type, value, headers }]);
      return id;
    }
    /** An event that a consumer has rejected. */
    async function die(reason: string): Promise<string> {
      const id = await append('{"bad":"ä"}');
      const [record] = (await log.read(checkoutTopic, { key: user, id })).records;
      await log.reject(checkoutTopic, record!, reason);
      return id;
    }
    const dead = async (flags = '') =>
      (await trolley.json(`events dead --user ${user} ${flags}`.trim())).items;
    const published = async () => (await trolley.json(`events --user ${user}`)).items;

    it('lists events of a user, the latest first, in pages, and shows one whole', async () => {
      const [first, second] = [await append('"1"'), await append('"2"')];
      expect((await published()).map((item) => item['id'])).to.deep.equal([second, first]);
      const page = await trolley.json(`events --user ${user} --limit 1`);
      const next = await trolley.json(`events --user ${user} --limit 1 --after ${page.cursor ?? ''}`);
      expect(next.items.map((item) => item['id'])).to.deep.equal([first]);
      expect((await trolley.json(`events --user ${user} --until 1h`)).items).to.deep.equal([]);
      expect((await trolley.json(`events --user ${user} --since 1h --type Other`)).items).to.deep.equal([]);
      trolley.lines = [];
      expect(await trolley.run(`events show ${first}`)).to.equal(0);
      expect(JSON.parse(trolley.lines.join('\n'))).to.include({ id: first, key: user, value: '"1"' });
    });

    it('tells how far each group is behind, by partition', async () => {
      const { items } = await trolley.json('events lag');
      const groups = new Set(items.map((item) => item['group']));
      expect([...groups]).to.have.members(['cart-service-consumer', 'orders-service']);
      expect(
        items.every((item) => typeof item['partition'] === 'number' && typeof item['records'] === 'number'),
      ).to.equal(true);
    });

    it('finds a dead event with its reason, replays it under its id, and it is gone', async () => {
      const event = await die('not JSON');
      const [letter] = await dead();
      expect(letter).to.include({ eventId: event, reason: 'not JSON', value: '{"bad":"ä"}', key: user });
      const id = String(letter?.['id']);
      trolley.lines = [];
      expect(await trolley.run(`events dead show ${id}`)).to.equal(0);
      expect(JSON.parse(trolley.lines.join('\n'))).to.include({ id, eventId: event });

      expect(await trolley.run(`events dead replay ${id}`)).to.equal(0);
      expect(trolley.said.at(-1)).to.equal('1 dead event is replayed');
      expect(trolley.audited).to.deep.equal([{ action: 'replay dead event', target: id }]);
      expect(await dead()).to.deep.equal([]);
      const [again, before] = await published();
      expect([again?.['id'], before?.['id']]).to.deep.equal([event, event]);
      expect(again?.['headers']).to.include({ traceparent: '00-1' }).and.not.have.property('reason');
      expect(await trolley.run(`events dead replay ${id}`)).to.equal(1);
      expect(trolley.said.at(-1)).to.equal(`There is no dead event ${id}`);
    });

    it('discards by reason, with why, and publishes none of these', async () => {
      const [kept] = [await die('no such user'), await die('NOT JSON'), await die('not json')];
      expect(await trolley.problem(`events dead discard --user ${user} --reason json`)).to.match(
        /^Say why: --because/,
      );
      const dry = await trolley.json(`events dead discard --user ${user} --reason json --dry-run`);
      expect(dry.items).to.have.length(2);
      expect(await dead()).to.have.length(3);
      const words = [
        'events',
        'dead',
        'discard',
        '--user',
        user,
        '--reason',
        'json',
        '--because',
        'from a test',
      ];
      expect(await trolley.runWords([...words, '--yes'])).to.equal(0);
      expect((await dead()).map((letter) => letter['eventId'])).to.deep.equal([kept]);
      expect(trolley.audited.map(({ details }) => details)).to.deep.equal([
        { reason: 'from a test' },
        { reason: 'from a test' },
      ]);
      expect(await published()).to.have.length(3);
    });

    it('refuses what is no id', async () => {
      expect(await trolley.problem('events dead show first')).to.match(/'first' is no id of a dead letter/);
      expect(await trolley.problem('events dead replay')).to.match(/^Say which: IDs/);
      expect(await trolley.run('events show nothing')).to.equal(1);
    });
  });
}
