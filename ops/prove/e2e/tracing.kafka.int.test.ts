import { expect } from 'chai';
import type { Checkout } from '../../../gateway/client/index.ts';
import { documentedFetch } from '../testing/documented-fetch.ts';
import { OtlpReceiver, type ReceivedSpan } from '../testing/otlp-receiver.ts';
import { startPrivateKafka, type PrivateServer } from '../testing/test-servers.ts';
import { eventually } from './eventually.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import type { Shopper } from './shop-client.ts';

/** The last that happens to a purchase: both of those who consume it have written. */
const last = ['handle order/Create', 'handle cart/SettlePurchase'];

const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const traceparent = (flags: string) => `00-${caller.traceId}-${caller.spanId}-${flags}`;

describe('a trace of the shop', function () {
  this.timeout(120_000);
  let kafka: PrivateServer;
  before(async () => {
    kafka = await startPrivateKafka();
  });
  after(() => kafka.stop());

  for (const log of ['redis_streams', 'kafka'] as const) {
    describe(`with its event log on ${log === 'kafka' ? 'Kafka' : 'Redis Streams'}`, () => {
      let receiver: OtlpReceiver;
      let shop: RunningShop;
      let user: Shopper;

      before(async () => {
        receiver = await OtlpReceiver.open();
        shop = await startShop({
          ...(log === 'kafka' ? { KAFKA_BROKERS: kafka.url } : {}),
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
          OTEL_BSP_SCHEDULE_DELAY: '50',
          LOG_LEVEL: 'info',
        });
        user = await shop.client.user(42);
      });
      after(async () => {
        await shop.stop();
        await receiver[Symbol.asyncDispose]();
      });

      const checkout = async (key: string, headers: Record<string, string> = {}) => {
        await user.add(1, 1);
        const answer = await user.send<Checkout>('POST', '/checkout', {
          json: { idempotency_key: key },
          headers,
        });
        expect([answer.status, answer.body.status]).to.deep.equal([201, 'COMPLETED']);
        return answer;
      };

      /** What there is of a trace once everything has been done for it. */
      const whole = (traceId: string) =>
        eventually(
          () => {
            const found = receiver.of(traceId);
            const names = found.map(({ name }) => name);
            return last.every((name) => names.includes(name)) && found;
          },
          () =>
            `the end of the trace, of which there is ${receiver
              .of(traceId)
              .map(({ name }) => name)
              .join()}`,
        );

      it('leads from the response to every span of a checkout, each the child of what led to it', async () => {
        const { headers } = await checkout('whole');
        const [, traceId = '', spanId = ''] = headers.get('traceresponse')?.split('-') ?? [];
        const spans = await whole(traceId);
        const request = spans.find((span) => span.spanId === spanId);
        expect(request?.name).to.equal('POST /api/v1/checkout');
        expect(request?.parentSpanId).to.equal('');
        expect(spans.filter(({ isError }) => isError)).to.deep.equal([]);
        expect(chains(spans, last[0]!)).to.deep.equal([
          [
            'SERVER POST /api/v1/checkout',
            'CLIENT ask checkout/Start',
            'SERVER handle checkout/Start',
            'INTERNAL outcome checkout/ClaimAndPrice',
            'INTERNAL outcome checkout/Reserve',
            'INTERNAL outcome checkout/Charge',
            'INTERNAL outcome checkout/Confirm',
            'PRODUCER send checkout-outbox',
            'CONSUMER process checkout-outbox',
            'CLIENT ask order/Create',
            'SERVER handle order/Create',
          ],
        ]);
        expect(chains(spans, last[1]!).map((chain) => chain.slice(-4))).to.deep.equal([
          [
            'PRODUCER send checkout-outbox',
            'CONSUMER process checkout-outbox',
            'CLIENT ask cart/SettlePurchase',
            'SERVER handle cart/SettlePurchase',
          ],
        ]);
        const steps = {
          ClaimAndPrice: 'product.ProductService/GetProducts',
          Reserve: 'inventory.InventoryService/Reserve',
          Charge: 'payment.PaymentService/Charge',
          Confirm: 'inventory.InventoryService/Confirm',
        };
        for (const [step, method] of Object.entries(steps)) {
          expect(chains(spans, method).map((chain) => chain.slice(-3))).to.deep.include([
            `INTERNAL effect checkout/${step}`,
            `CLIENT ${method}`,
            `SERVER ${method}`,
          ]);
        }
        const children = childrenOf(spans);
        const carts = shop.places.mongoUri === undefined ? 'actor_cart' : 'carts';
        expect(children('handle cart/ClaimForCheckout')).to.include(`write ${carts}`);
        const ordered = children('handle order/Create');
        expect(ordered).to.include('write orders');
        expect(ordered, 'nothing is read of a new one').not.to.include('load orders');
        expect(children('outcome checkout/Confirm')).to.include('write checkout_sessions');
        expect(children('outcome checkout/Confirm')).to.include('outbox checkout-outbox');
        expect(children('ask order/Create')).to.include('wait order/Create');
      });

      it('tells times that fit into each other, and in names nothing of which there is no end', async () => {
        const { headers } = await checkout('times');
        const spans = await whole(headers.get('traceresponse')!.split('-')[1]!);
        for (const span of spans) {
          expect(span.endedAt >= span.startedAt, span.name).to.equal(true);
          expect(span.name)
            .to.match(/^[\w /:.-]+$/)
            .and.not.match(/\d{2}|[0-9a-f]{8}-/);
          expect(span.resource).to.include({ 'service.name': 'trolley', 'trolley.process': 'main' });
          for (const secret of [user.token, 'laptop', 'card'])
            expect(JSON.stringify([span.name, span.attributes]).toLowerCase()).not.to.include(secret);
        }
        const consumed = spans.filter(({ kind }) => kind === 'CONSUMER');
        expect(
          consumed.map(({ attributes }) => attributes['messaging.consumer.group.name']).sort(),
        ).to.deep.equal(['cart-service-consumer', 'orders-service']);
        for (const { attributes } of consumed) expect(attributes['messaging.system.name']).to.equal(log);
      });

      it('goes on from the caller: its trace, its state, and in the log', async () => {
        const { headers } = await checkout('from a caller', {
          traceparent: traceparent('01'),
          tracestate: 'vendor=value',
        });
        expect(headers.get('traceresponse')).to.match(
          new RegExp(`^00-${caller.traceId}-(?!${caller.spanId}).{16}-01$`),
        );
        const spans = await whole(caller.traceId);
        const first = spans.filter((span) => span.parentSpanId === caller.spanId);
        expect(first.map(({ name }) => name)).to.deep.equal(['POST /api/v1/checkout']);
        for (const span of spans) expect(span.traceState, span.name).to.equal('vendor=value');
        const line = await eventually(
          () => shop.log.find((each) => each.includes(caller.traceId)),
          'the line of the request',
        );
        expect(JSON.parse(line)).to.include({ trace_id: caller.traceId, path: '/api/v1/checkout' });
      });

      it('is not recorded where the caller does not record it, and is told all the same', async () => {
        const unsampled = '00-11111111111111111111111111111111-2222222222222222-00';
        const { headers } = await checkout('unsampled', { traceparent: unsampled });
        expect(headers.get('traceresponse')).to.match(/^00-1{32}-(?!2{16}).{16}-00$/);
        const next = await checkout('sampled again');
        await whole(next.headers.get('traceresponse')!.split('-')[1]!);
        expect(receiver.of('1'.repeat(32))).to.deep.equal([]);
      });

      it('has no span of a probe', async () => {
        await documentedFetch(`${shop.client.url}/health/live`);
        await whole((await checkout('after a probe')).headers.get('traceresponse')!.split('-')[1]!);
        expect(
          receiver.spans.filter(
            ({ name, attributes }) => name === 'GET' || attributes['url.path'] === '/health/live',
          ),
        ).to.deep.equal([]);
      });
    });
  }
});

/** From the first span of the trace to each of this name, by kind and name. */
function chains(spans: readonly ReceivedSpan[], name: string): string[][] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const chainTo = (span: ReceivedSpan): string[] => {
    const parent = byId.get(span.parentSpanId);
    return [...(parent === undefined ? [] : chainTo(parent)), `${span.kind} ${span.name}`];
  };
  return spans.filter((span) => span.name === name).map(chainTo);
}

/** The names of what is directly below a span of that name. */
function childrenOf(spans: readonly ReceivedSpan[]): (name: string) => string[] {
  return (name) =>
    spans
      .filter((span) => span.name === name)
      .flatMap(({ spanId }) => spans.filter((span) => span.parentSpanId === spanId))
      .map((span) => span.name);
}
