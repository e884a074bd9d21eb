import { expect } from 'chai';
import { OtlpReceiver, type ReceivedSpan } from '../testing/otlp-receiver.ts';
import { eventually } from './eventually.ts';
import { ShopFleet } from './shop-fleet.ts';
import type { ShopClient } from './shop-client.ts';

/** The last that happens to a purchase: both of those who consume it have written. */
const last = ['handle order/Create', 'handle cart/SettlePurchase'];

describe('a trace over all processes of a shop, sent by gRPC', function () {
  this.timeout(120_000);
  let receiver: OtlpReceiver;
  let fleet: ShopFleet;
  let client: ShopClient;

  before(async () => {
    receiver = await OtlpReceiver.open();
    fleet = await ShopFleet.open({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpcUrl,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    const { addresses } = await fleet.startServices();
    const [, , gateways] = await Promise.all([
      fleet.start('node', 'node,relay', addresses),
      fleet.start('consumers', 'consumers'),
      fleet.start('gateways', 'gateway', { ...addresses, GATEWAY_PROCESSES: '2' }),
    ]);
    ({ client } = gateways);
  });
  after(async () => {
    await fleet.stop();
    await receiver[Symbol.asyncDispose]();
  });

  /** Buys, and waits for all that was done for it. */
  async function buy(userId: number): Promise<readonly ReceivedSpan[]> {
    const user = await client.user(userId);
    await user.add(1, 1);
    const { status, headers } = await user.checkout('traced');
    expect(status).to.equal(201);
    const traceId = headers.get('traceresponse')?.split('-')[1] ?? '';
    // Each process sends its own.
    return eventually(
      () => {
        const found = receiver.of(traceId);
        return missing(found).length === 0 && found;
      },
      () => `what is missing of trace ${traceId}: ${missing(receiver.of(traceId)).join(', ')}`,
    );
  }

  it('leads from the response of any gateway to every span, each below one that is there', async () => {
    // Beside each other, and so over several connections.
    const traces = await Promise.all(Array.from({ length: 8 }, (_, i) => buy(101 + i)));
    expect([...new Set(traces.map((spans) => processOf(rootOf(spans))))].sort()).to.deep.equal([
      'gateway-1',
      'gateway-2',
    ]);
    for (const spans of traces) {
      expect(rootOf(spans).name).to.equal('POST /api/v1/checkout');
      expect(rolesOf(spans, 'SERVER POST /api/v1/checkout')).to.deep.equal(['gateway']);
      expect(rolesOf(spans, 'SERVER handle checkout/Start')).to.deep.equal(['node,relay']);
      expect(rolesOf(spans, 'SERVER payment.PaymentService/Charge')).to.deep.equal([
        'product,inventory,payment',
      ]);
      expect(rolesOf(spans, 'PRODUCER send checkout-outbox')).to.deep.equal(['node,relay']);
      expect(rolesOf(spans, 'CONSUMER process checkout-outbox')).to.deep.equal(['consumers']);
      for (const name of last) expect(rolesOf(spans, `SERVER ${name}`)).to.deep.equal(['node,relay']);
      expect(new Set(spans.map(({ resource }) => resource['process.pid'])).size).to.equal(4);
    }
    expect(receiver.requests.every(({ path }) => path.endsWith('TraceService/Export'))).to.equal(true);
  });
});

/** The last spans, and those above others. */
function missing(spans: readonly ReceivedSpan[]): string[] {
  const names = new Set(spans.map(({ name }) => name));
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const orphans = spans.filter(({ parentSpanId: above }) => above !== '' && !ids.has(above));
  return [
    ...last.filter((name) => !names.has(name)),
    ...orphans.map(
      ({ kind, name, resource }) => `what ${kind} ${name} of ${String(resource['trolley.roles'])} is below`,
    ),
  ];
}

function rootOf(spans: readonly ReceivedSpan[]): ReceivedSpan {
  const [root, ...others] = spans.filter(({ parentSpanId }) => parentSpanId === '');
  if (root === undefined || others.length > 0) throw new Error('a trace has one span with none above it');
  return root;
}

const processOf = ({ resource }: ReceivedSpan) => resource['trolley.process'];

/** Of the processes that have spans of this kind and name. */
const rolesOf = (spans: readonly ReceivedSpan[], wanted: string) => [
  ...new Set(
    spans
      .filter(({ kind, name }) => `${kind} ${name}` === wanted)
      .map(({ resource }) => resource['trolley.roles']),
  ),
];
