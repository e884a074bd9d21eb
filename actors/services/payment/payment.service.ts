import { pause } from '@trolley/runtime';
import { RpcError } from '../grpc/rpc-error.ts';
import { PaymentServiceService, PaymentStatus } from '../../../proto/gen/payment/payment.ts';
import { openGrpcSqliteService, type RunningService, type ServiceOptions } from '../grpc-sqlite-service.ts';
import type { IncomingCall } from '../grpc/incoming-call.ts';
import { unaryService } from '../grpc/unary-service.ts';
import { parseCheckoutId } from '../request-fields.ts';
import { decideCharge, type DecisionOptions, type DelayRange } from './charge-decision.ts';
import { ChargesUnderWay } from './charges-under-way.ts';
import { PaymentLedger, paymentIdFor, type Charge } from './payment.ledger.ts';
import { chargeResponseOf, paymentMessageOf } from './payment.messages.ts';
import { parsePaymentMethod } from './payment-method.ts';
import { formatAmount, parseAmount, parseCurrency } from './payment.requests.ts';
import { paymentMigrations } from './payment.schema.ts';
import { PaymentStore, type StoredPayment } from './payment.store.ts';

export interface PaymentServiceOptions extends ServiceOptions, DecisionOptions {
  /** How long a charge takes. */
  readonly delay: DelayRange;
  /** Makes transaction ids. */
  readonly newId: () => string;
  /** How long the magic method `slow` takes. Default 10000. */
  readonly slowMs?: number;
  /** How long the magic method `timeout` keeps a caller that set no deadline. Default 120000. */
  readonly timeoutMs?: number;
  /** How long a refund without a charge is remembered. Default 30 days. */
  readonly tombstoneRetentionMs?: number;
}

const hourMs = 60 * 60 * 1000;
const sweepBatch = 500;

/** A payment provider as a gRPC server, whose refusals are drawn by chance. */
export function openPaymentService(options: PaymentServiceOptions): Promise<RunningService> {
  const { clock, random, delay } = options;
  return openGrpcSqliteService(options, {
    name: 'payment',
    migrations: paymentMigrations,
    build(database, { read, write }) {
      const store = new PaymentStore(database);
      const ledger = new PaymentLedger(store, options.newId);
      const underWay = new ChargesUnderWay(clock);
      const stopping = new AbortController();
      // A charge goes on when its caller has gone, as with any provider: whoever is in doubt refunds.
      const nobody = { isOver: false };

      async function charge(wanted: Charge, method: string): Promise<StoredPayment> {
        const decided = await read(() => ledger.decided(wanted));
        if (decided !== undefined) return decided;
        return underWay.charge(wanted, delayOf(method), () => {
          const refusal = decideCharge(wanted.checkoutId, method, options);
          return write(nobody, () => ledger.decide(wanted, refusal, clock.now()));
        });
      }

      function delayOf(method: string): number {
        if (options.magicPaymentMethods && method === 'slow') return options.slowMs ?? 10_000;
        if (options.magicPaymentMethods && method === 'timeout') return 0;
        return delay.minMs + Math.round(random() * (delay.maxMs - delay.minMs));
      }

      /** Keeps an answer back until its caller has given up. */
      async function holdBack(call: IncomingCall): Promise<never> {
        const over = AbortSignal.any([call.signal, stopping.signal]);
        await pause(clock, options.timeoutMs ?? 120_000, over);
        throw new RpcError('deadline_exceeded', 'the payment took too long');
      }

      const service = unaryService(PaymentServiceService, {
        async charge({ checkoutId, amount, paymentMethod, currency }, call) {
          const wanted = {
            checkoutId: parseCheckoutId(checkoutId),
            amountCents: parseAmount(amount),
            currency: parseCurrency(currency),
          };
          const method = parsePaymentMethod(paymentMethod === '' ? 'card' : paymentMethod, {
            forcing: options.magicPaymentMethods,
          });
          const payment = await charge(wanted, method);
          if (options.magicPaymentMethods && method === 'timeout') return holdBack(call);
          return chargeResponseOf(payment);
        },
        async refund({ checkoutId }, call) {
          const id = parseCheckoutId(checkoutId);
          await write(call, () => ledger.refund(id, clock.now()));
          return {};
        },
        async getPayment({ checkoutId }) {
          const id = parseCheckoutId(checkoutId);
          const payment = await read(() => store.get(id));
          if (payment !== undefined) return { payment: paymentMessageOf(payment) };
          const pending = underWay.get(id);
          if (pending === undefined) throw new RpcError('not_found', `there is no payment of checkout ${id}`);
          return {
            payment: {
              paymentId: paymentIdFor(id),
              checkoutId: id,
              status: PaymentStatus.PENDING,
              amount: formatAmount(pending.amountCents),
              currency: pending.currency,
              transactionId: '',
              createdAt: '',
              updatedAt: '',
            },
          };
        },
      });

      const retentionMs = options.tombstoneRetentionMs ?? 30 * 24 * hourMs;
      const round = () => write(nobody, () => store.forgetTombstones(clock.now() - retentionMs, sweepBatch));
      return {
        service,
        sweep: { everyMs: hourMs, round },
        beforeClose() {
          stopping.abort();
          underWay.close();
        },
      };
    },
  });
}
