import { expect } from 'chai';
import fc from 'fast-check';
import { codeOf, type AskOptions } from '@trolley/runtime';
import { createTestCluster, MemoryStateStore, type TestCluster } from '@trolley/runtime/testing';
import { BankAccount, bankAccount } from './bank-account.ts';

describe('a bank account', () => {
  let store: MemoryStateStore;
  let cluster: TestCluster;

  function openBank(nodes = 1, seed = 1): void {
    store = new MemoryStateStore();
    cluster = createTestCluster({
      nodes,
      seed,
      actors: [{ actor: bankAccount, store }],
    });
  }
  beforeEach(() => openBank());
  afterEach(() => cluster.close());

  const account = (key: string) => cluster.refs.ref(BankAccount, key);
  const balance = async (key: string) => (await account(key).getBalance()).balanceCents;

  it('may be overdrawn, but not too far', async () => {
    await account('ann').deposit({ cents: 500 });
    const { balanceCents } = await account('ann').withdraw({ cents: 10_500 });
    expect(balanceCents).to.equal(-10_000);
    expect(
      await account('ann')
        .withdraw({ cents: 1 })
        .then(() => 'paid out', codeOf),
    ).to.equal('overdrawn');
    expect(await balance('ann')).to.equal(-10_000);
  });

  it('counts a deposit once that is sent twice', async () => {
    const deposit = () => account('ann').deposit({ cents: 500 }, { idempotencyKey: 'payday' });
    expect(await Promise.all([deposit(), deposit()])).to.have.length(2);
    expect(await balance('ann')).to.equal(500);
  });

  it('transfers money, and answers when it has arrived', async () => {
    await account('ann').transfer({ to: 'ben', cents: 700 });
    expect([await balance('ann'), await balance('ben')]).to.deep.equal([-700, 700]);
  });

  it('takes a transfer back that the other account refuses', async () => {
    await account('ben').close();
    const transfer = account('ann').transfer({ to: 'ben', cents: 700 });
    expect(await transfer.then(() => 'arrived', codeOf)).to.equal('closed');
    expect(await account('ann').getBalance()).to.include({ balanceCents: 0, onItsWayCents: 0 });
  });

  it('goes on with a transfer when its node dies in the middle of it', async () => {
    const transfer = account('ann').transfer({ to: 'ben', cents: 700 });
    let crashed = false;
    cluster.network.fate = ({ port, operation, about, leg }) => {
      const isDeposit = port === 'store' && operation === 'write' && about === 'ben' && leg === 'reply';
      if (!isDeposit || crashed) return undefined;
      crashed = true;
      cluster.crash();
      return 'lose';
    };
    await transfer;
    expect(crashed).to.equal(true);
    expect([await balance('ann'), await balance('ben')]).to.deep.equal([-700, 700]);
  });

  it('makes no money and loses none, whatever is transferred and whichever nodes die', async () => {
    const names = ['ann', 'ben', 'cat'];
    const transfers = fc.array(
      fc.record({ from: fc.nat(2), to: fc.nat(2), cents: fc.integer({ min: 1, max: 6_000 }) }),
      { minLength: 1, maxLength: 8 },
    );
    const crashes = fc.uniqueArray(fc.nat(60), { maxLength: 3 });
    const conserves = fc.asyncProperty(fc.nat(1_000), transfers, crashes, async (seed, wanted, crashAt) => {
      openBank(2, seed);
      let moments = 0;
      cluster.network.fate = ({ process }) => {
        if (!process.startsWith('node') || !crashAt.includes(++moments)) return undefined;
        cluster.nodes.find(({ name }) => name === process)?.crash();
        cluster.startNode();
        return 'lose';
      };
      const settle = async (i: number, { from, to, cents }: (typeof wanted)[number]) => {
        // Each account numbers its own.
        const number = wanted.slice(0, i).filter((one) => one.from === from).length;
        const options: AskOptions = { messageId: `transfer-${number}`, timeoutMs: 10_000 };
        const ask = () => account(names[from]!).transfer({ to: names[to]!, cents }, options);
        for (;;) {
          const outcome = await ask().then(() => 'arrived', codeOf);
          if (outcome !== 'deadline_exceeded') return outcome === 'arrived' ? cents : 0;
        }
      };
      const moved = await Promise.all(wanted.map((transfer, i) => settle(i, transfer)));
      const expected = names.map((_, n) =>
        wanted.reduce(
          (sum, { from, to }, i) => sum + ((to === n ? 1 : 0) - (from === n ? 1 : 0)) * moved[i]!,
          0,
        ),
      );
      const balances = [];
      for (const name of names) balances.push(await balance(name));
      expect(balances).to.deep.equal(expected);
      await cluster.close();
    });
    await fc.assert(conserves, { numRuns: 60, seed: 1 });
  });
});
