import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { codeOf, createLogger } from '@trolley/runtime';
import { ChargeStatus, PaymentServiceService } from '../../../proto/gen/payment/payment.ts';
import { openGrpcClient, isUnknownOutcome, type GrpcClient } from '../grpc/grpc.client.ts';
import type { RunningService } from '../grpc-sqlite-service.ts';
import { failureOf, refusalOf } from '../testing/failure-of.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { openPayments, type ChargeResult } from './payment.client.ts';
import { openPaymentService, type PaymentServiceOptions } from './payment.service.ts';

describe('the payment service', () => {
  const folder = temporaryFolder();
  let clock: ManualClock;
  let ids: number;
  let log: string;
  let service: RunningService;
  let payments: ReturnType<typeof openPayments>;
  let wire: GrpcClient<typeof PaymentServiceService>;

  async function open(options: Partial<PaymentServiceOptions> = {}): Promise<void> {
    service = await openPaymentService({
      dataDir: folder.path,
      host: '127.0.0.1',
      port: 0,
      logger: createLogger('debug', {
        write: (line: string) => {
          log += line;
        },
      }),
      clock,
      random: () => 0.5,
      newId: () => `tx-${++ids}`,
      successRate: 1,
      delay: { minMs: 0, maxMs: 0 },
      magicPaymentMethods: true,
      ...options,
    });
    const address = `127.0.0.1:${service.port}`;
    payments = openPayments({ address });
    wire = openGrpcClient(PaymentServiceService, { address });
  }
  async function close(): Promise<void> {
    payments.close();
    wire.close();
    await service.close();
  }
  async function reopen(options: Partial<PaymentServiceOptions> = {}): Promise<void> {
    await close();
    await open(options);
  }
  beforeEach(async () => {
    clock = new ManualClock();
    ids = 0;
    log = '';
    await open();
  });
  afterEach(close);

  const checkoutId = 'c-1';
  const bill = { checkoutId, amountCents: 262997, currency: 'USD' };
  const statusOf = async (id = checkoutId) => (await payments.getPayment(id)).status;
  const isKnown = () =>
    statusOf().then(
      () => true,
      (error: unknown) => codeOf(error) !== 'not_found',
    );
  /** Until the service has begun to think about the charge. */
  const thinking = async () => {
    while (!(await isKnown()));
    expect(await statusOf()).to.equal('pending');
  };
  const slowly = { delay: { minMs: 1000, maxMs: 2000 } };

  it('charges, and says the same again, also after a restart', async () => {
    const first = await payments.charge(bill);
    expect(first).to.include({ status: 'success', transactionId: 'tx-1' });
    expect(await payments.charge(bill)).to.deep.equal(first);
    await reopen({ successRate: 0 });
    expect(await payments.charge(bill)).to.deep.equal(first);
    expect(await payments.getPayment(checkoutId)).to.deep.include({
      checkoutId,
      status: 'charged',
      amountCents: 262997,
      currency: 'USD',
      transactionId: 'tx-1',
    });
  });

  it('charges twenty at once as one', async () => {
    await reopen(slowly);
    const charges = Array.from({ length: 20 }, () => payments.charge(bill));
    await thinking();
    clock.advance(2000);
    const results = await Promise.all(charges);
    expect(new Set(results.map((result) => JSON.stringify(result))).size).to.equal(1);
    expect(ids).to.equal(1);
  });

  it('refuses with a reason, and says the same again, also after a restart', async () => {
    const refused = { status: 'failed', reason: 'card_declined' };
    expect(await payments.charge({ ...bill, paymentMethod: 'card_declined' })).to.deep.equal(refused);
    expect(await payments.charge(bill), 'by another method').to.deep.equal(refused);
    await reopen();
    expect(await payments.charge(bill)).to.deep.equal(refused);
    expect(await payments.getPayment(checkoutId)).to.include({ status: 'failed', reason: 'card_declined' });
  });

  it('refuses by chance, the same checkouts for the same seed', async () => {
    const outcomes = async () => {
      const results: ChargeResult[] = [];
      for (let n = 0; n < 30; n += 1) results.push(await payments.charge({ ...bill, checkoutId: `c-${n}` }));
      return results.map((result) => (result.status === 'failed' ? result.reason : 'success'));
    };
    const seeded = { seed: 'one', successRate: 0.5 };
    await reopen(seeded);
    const first = await outcomes();
    expect(new Set(first).size).to.be.greaterThan(2);
    await reopen({ ...seeded, dataDir: join(folder.path, 'other') });
    expect(await outcomes()).to.deep.equal(first);
  });

  it('refuses another amount for the same checkout', async () => {
    await payments.charge(bill);
    expect(await refusalOf(payments.charge({ ...bill, amountCents: 1 }))).to.equal('conflict');
    expect(await refusalOf(payments.charge({ ...bill, currency: 'EUR' }))).to.equal('conflict');
    await reopen({ ...slowly, dataDir: join(folder.path, 'other') });
    const charged = payments.charge(bill);
    await thinking();
    expect(await refusalOf(payments.charge({ ...bill, amountCents: 1 })), 'while it thinks').to.equal(
      'conflict',
    );
    clock.advance(2000);
    await charged;
  });

  it('refunds once, and then no longer calls the charge a success', async () => {
    await payments.charge(bill);
    await payments.refund(checkoutId);
    clock.advance(1000);
    const refunded = await payments.getPayment(checkoutId);
    await payments.refund(checkoutId);
    expect(await payments.getPayment(checkoutId)).to.deep.equal(refunded);
    expect(refunded.status).to.equal('refunded');
    expect(await payments.charge(bill)).to.deep.equal({ status: 'failed', reason: 'refunded' });
  });

  it('has nothing to refund of a refused charge', async () => {
    await payments.charge({ ...bill, paymentMethod: 'no_funds' });
    await payments.refund(checkoutId);
    expect(await payments.charge(bill)).to.deep.equal({ status: 'failed', reason: 'no_funds' });
  });

  it('refuses a charge that comes after its refund, also after a restart', async () => {
    await payments.refund(checkoutId);
    await payments.refund(checkoutId);
    await reopen();
    expect(await payments.charge(bill)).to.deep.equal({ status: 'failed', reason: 'refunded_before_charge' });
    expect(await statusOf()).to.equal('tombstone');
    const answer = await wire.call('charge', { checkoutId, amount: '1', paymentMethod: '', currency: '' });
    expect(answer).to.deep.include({
      status: ChargeStatus.FAILED,
      refusal: { $case: 'otherReason', value: 'refunded_before_charge' },
    });
    expect(ids).to.equal(0);
  });

  it('takes no money when the refund comes while it thinks', async () => {
    await reopen(slowly);
    const charged = payments.charge(bill);
    await thinking();
    await payments.refund(checkoutId);
    clock.advance(2000);
    expect(await charged).to.deep.equal({ status: 'failed', reason: 'refunded_before_charge' });
    expect(ids).to.equal(0);
  });

  it('forgets a refund without a charge after its retention', async () => {
    await payments.refund(checkoutId);
    await payments.charge({ ...bill, checkoutId: 'c-2' });
    clock.advance(31 * 24 * 60 * 60 * 1000);
    while (await isKnown());
    expect(await statusOf('c-2')).to.equal('charged');
  });
  it('has not charged what it was stopped at, and decides anew', async () => {
    await reopen(slowly);
    const charged = failureOf(payments.charge(bill));
    await thinking();
    const stopped = service.close();
    const error = await charged;
    expect(error.code).to.equal('unavailable');
    await stopped;
    await reopen();
    expect(await refusalOf(payments.getPayment(checkoutId))).to.equal('not_found');
    expect(await payments.charge(bill)).to.include({ status: 'success', transactionId: 'tx-1' });
  });

  it('goes on with a charge whose caller has gone', async () => {
    await reopen(slowly);
    const caller = new AbortController();
    const charged = failureOf(payments.charge(bill, { signal: caller.signal }));
    await thinking();
    caller.abort();
    expect(isUnknownOutcome(await charged)).to.equal(true);
    clock.advance(2000);
    expect(await payments.charge(bill)).to.include({ status: 'success', transactionId: 'tx-1' });
  });

  it('takes long for the method slow', async () => {
    const charged = payments.charge({ ...bill, paymentMethod: 'slow' });
    await thinking();
    clock.advance(9_999);
    expect(await statusOf()).to.equal('pending');
    clock.advance(1);
    expect(await charged).to.include({ status: 'success' });
  });

  it('charges for the method timeout, and never says so', async () => {
    const byTimeout = { ...bill, paymentMethod: 'timeout' };
    const caller = new AbortController();
    const charged = failureOf(payments.charge(byTimeout, { signal: caller.signal }));
    while (!(await isKnown()));
    caller.abort();
    expect(isUnknownOutcome(await charged)).to.equal(true);
    expect(await refusalOf(payments.charge(byTimeout, { timeoutMs: 100 })), 'again').to.equal(
      'deadline_exceeded',
    );
    expect(await statusOf()).to.equal('charged');
    await payments.refund(checkoutId);
    expect(await statusOf()).to.equal('refunded');
  });

  it('knows no magic in production', async () => {
    await reopen({ magicPaymentMethods: false });
    for (const paymentMethod of ['card_declined', 'slow', 'timeout']) {
      const charge = { ...bill, checkoutId: paymentMethod, paymentMethod };
      expect(await refusalOf(payments.charge(charge)), paymentMethod).to.equal('invalid_payment_method');
      expect(await payments.charge({ ...charge, paymentMethod: 'card' })).to.include({ status: 'success' });
    }
  });

  it('refuses what makes no request', async () => {
    const charge = { checkoutId, amount: '1.00', paymentMethod: 'card', currency: 'USD' };
    const wrong: [Partial<typeof charge>, string][] = [
      [{ checkoutId: '' }, 'invalid_request'],
      [{ checkoutId: 'a b' }, 'invalid_request'],
      [{ amount: '' }, 'invalid_request'],
      [{ amount: '0' }, 'invalid_request'],
      [{ amount: '-1' }, 'invalid_request'],
      [{ amount: '1.001' }, 'invalid_request'],
      [{ currency: 'usd' }, 'invalid_request'],
      [{ paymentMethod: '4242424242424242' }, 'invalid_payment_method'],
      [{ paymentMethod: 'bitcoin' }, 'invalid_payment_method'],
      [{ paymentMethod: 'a\0b1' }, 'invalid_payment_method'],
    ];
    for (const [change, code] of wrong) {
      expect(await refusalOf(wire.call('charge', { ...charge, ...change })), JSON.stringify(change)).to.equal(
        code,
      );
    }
    expect(await refusalOf(payments.refund(''))).to.equal('invalid_request');
    expect(await refusalOf(payments.getPayment(''))).to.equal('invalid_request');
    expect(await refusalOf(payments.getPayment('c-9'))).to.equal('not_found');
  });

  it('keeps no payment method, neither in its file nor in its log', async () => {
    await payments.charge({ ...bill, paymentMethod: 'tok_of_my_aunt' });
    await failureOf(payments.charge({ ...bill, checkoutId: 'c-2', paymentMethod: '4242424242424242' }));
    await reopen();
    const files = readdirSync(folder.path).map((name) => readFileSync(join(folder.path, name), 'latin1'));
    expect(files).not.to.have.length(0);
    for (const text of [log, ...files]) {
      expect(text).not.to.include('tok_of_my_aunt');
      expect(text).not.to.include('4242424242424242');
    }
    expect(log).to.include('invalid_payment_method');
  });
});
