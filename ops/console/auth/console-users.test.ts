import bcrypt from 'bcryptjs';
import { expect } from 'chai';
import { readConsoleUsers } from './console-users.ts';
import { Passwords } from './passwords.ts';
import { FakeClock } from '@trolley/runtime/testing';

const hash = (cost = '12') => `$2b$${cost}$${'a'.repeat(53)}`;

describe('readConsoleUsers', () => {
  it('reads names, roles and hashes', () => {
    expect(readConsoleUsers(`ann:operator:${hash()}, vic@shop:viewer:${hash('10')},`)).to.deep.equal({
      users: [
        { name: 'ann', role: 'operator', hash: hash() },
        { name: 'vic@shop', role: 'viewer', hash: hash('10') },
      ],
      problems: [],
    });
  });

  for (const [text, problem] of [
    ['', 'wanted at least one name:role:bcrypt-hash'],
    ['hunter2', 'entry 1: wanted name:role:bcrypt-hash'],
    [`ann:operator:${hash()}:x`, 'entry 1 (ann): wanted name:role:bcrypt-hash'],
    [`a b:viewer:${hash()}`, 'entry 1: wanted a name of letters, digits and . _ @ -, up to 64'],
    [`ann:admin:${hash()}`, 'entry 1 (ann): wanted the role viewer or operator'],
    [
      'ann:viewer:hunter2',
      'entry 1 (ann): its third part is no bcrypt hash, which begins with $2b$ and has 60 characters',
    ],
    [`ann:viewer:${hash('04')}`, 'entry 1 (ann): wanted a hash of cost 10 to 14, got 4'],
    [`ann:viewer:${hash('31')}`, 'entry 1 (ann): wanted a hash of cost 10 to 14, got 31'],
    [`ann:viewer:${hash()},ann:operator:${hash()}`, 'entry 2 (ann): the name is there twice'],
  ] as const)
    it(`says of ${JSON.stringify(text.slice(0, 20))} what is wrong, and shows no hash`, () => {
      const { problems } = readConsoleUsers(text);
      expect(problems).to.deep.equal([problem]);
      expect(problems.join()).not.to.match(/hunter2|aaaa/);
    });
});

describe('Passwords', () => {
  const users = [
    { name: 'ann', role: 'operator' as const, hash: bcrypt.hashSync('right', 4) },
    { name: 'slow', role: 'viewer' as const, hash: bcrypt.hashSync('sure', 5) },
  ];
  const options = { users, clock: new FakeClock(), newSecret: () => 'secret' };

  it('know the right one of each', async () => {
    const passwords = new Passwords(options);
    expect(await passwords.check('ann', 'right')).to.equal(users[0]);
    expect(await passwords.check('ann', 'sure')).to.equal(undefined);
    expect(await passwords.check('slow', 'sure')).to.equal(users[1]);
    expect(await passwords.check('nobody', 'right')).to.equal(undefined);
  });

  it('take no longer one that begins with the right one', async () => {
    const long = 'p'.repeat(72);
    const passwords = new Passwords({
      ...options,
      users: [{ name: 'ann', role: 'viewer', hash: bcrypt.hashSync(long, 4) }],
    });
    expect(await passwords.check('ann', long)).to.include({ name: 'ann' });
    expect(await passwords.check('ann', `${long}x`)).to.equal(undefined);
  });

  it('look at an unknown name as long as at the slowest of the known', async () => {
    const costs: string[] = [];
    const compare = async (_password: string, looked: string) => {
      costs.push(looked.slice(0, 7));
      return true;
    };
    const passwords = new Passwords({ ...options, compare });
    expect(await passwords.check('nobody', 'right')).to.equal(undefined);
    expect(costs).to.deep.equal(['$2b$05$']);
  });

  it('are checked one at a time, and of too many at once some are refused', async () => {
    let [underWay, most] = [0, 0];
    const compare = async () => {
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      underWay -= 1;
      return false;
    };
    const passwords = new Passwords({ ...options, compare });
    const checks = Array.from({ length: 20 }, () =>
      passwords.check('ann', 'wrong').catch((error: unknown) => (error as { code: string }).code),
    );
    const outcomes = await Promise.all(checks);
    expect(most).to.equal(1);
    expect(outcomes.filter((outcome) => outcome === 'rate_limited')).to.have.length(4);
    expect(await passwords.check('ann', 'wrong')).to.equal(undefined);
  });

  it('that were right are known for five minutes to those who bring them again', async () => {
    let compared = 0;
    const compare = async (password: string) => ++compared > 0 && password === 'right';
    const clock = new FakeClock();
    const passwords = new Passwords({ ...options, clock, compare });
    for (let i = 0; i < 3; i++) expect(await passwords.checkAgain('ann', 'right')).to.equal(users[0]);
    expect(compared).to.equal(1);
    for (let i = 0; i < 2; i++) expect(await passwords.checkAgain('ann', 'wrong')).to.equal(undefined);
    expect(compared).to.equal(3);
    await clock.advance(300_001);
    await passwords.checkAgain('ann', 'right');
    expect(compared).to.equal(4);
  });
});
