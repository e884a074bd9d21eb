import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { OtlpReceiver, type ReceivedSpan } from '../testing/otlp-receiver.ts';
import { eventually } from './eventually.ts';
import { gatewaysOf } from './gateways-of.ts';
import { ShopFleet } from './shop-fleet.ts';
import type { ShopProcess } from './shop-process.ts';

/** The last spans of a purchase: both groups of consumers have written. */
const last = ['handle order/Create', 'handle cart/SettlePurchase'];

describe('a trace over all processes of a shop, sent by gRPC', function () {
  this.timeout(120_000);
  let receiver: OtlpReceiver;
  let fleet: ShopFleet;
  let gateways: ShopProcess;

  before(async () => {
    receiver = await OtlpReceiver.open();
    fleet = await ShopFleet.open({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpcUrl,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    const { addresses } = await fleet.startServices();
    [, , gateways] = await Promise.all([
      fleet.start('node', 'node,relay', addresses),
      fleet.start('consumers', 'consumers'),
      fleet.start('gateways', 'gateway', { ...addresses, GATEWAY_PROCESSES: '2' }),
    ]);
  });
  after(async () => {
    await fleet.stop();
    await receiver[Symbol.asyncDispose]();
  });

  /** Buys, and gives the id of the trace of the checkout. */
  async function buy(userId: number): Promise<string> {
    const { token } = await gateways.client.user(userId);
    const traces: string[] = [];
    const { cart, checkouts } = gateways.client.typed({
      token,
      fetch: async (url, init) => {
        const response = await fetchAlone(url, init);
        traces.push(response.headers.get('traceresponse')?.split('-')[1] ?? '');
        return response;
      },
    });
    await cart.add({ product_id: 1, quantity: 1 });
    await checkouts.run();
    return traces[1] ?? '';
  }

  /** The same, by this one of the gateways: the kernel gives a connection to whoever is awake. */
  async function buyAt(gateway: number, userId: number): Promise<string> {
    const others = gatewaysOf(gateways.pid).filter((pid) => pid !== gateway);
    for (const pid of others) process.kill(pid, 'SIGSTOP');
    try {
      return await buy(userId);
    } finally {
      for (const pid of others) process.kill(pid, 'SIGCONT');
    }
  }

  /** Once all is there that was done for it: each process sends its own. */
  const spansOf = (traceId: string) =>
    eventually(
      () => {
        const found = receiver.of(traceId);
        return missing(found).length === 0 && found;
      },
      () => `what is missing of trace ${traceId}: ${missing(receiver.of(traceId)).join(', ')}`,
    );

  it('leads from the response of any gateway to every span, each below one that is there', async () => {
    const pids = gatewaysOf(gateways.pid);
    const processes: unknown[] = [];
    for (const [index, pid] of pids.entries()) {
      const spans = await spansOf(await buyAt(pid, 101 + index));
      const { resource } = rootOf(spans);
      expect(resource['process.pid']).to.equal(pid);
      processes.push(resource['trolley.process']);
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
    expect(processes).to.have.members(['gateway-1', 'gateway-2']);
    expect(receiver.requests.every(({ path }) => path.endsWith('TraceService/Export'))).to.equal(true);
  });
});

/** `fetch` over a connection of its own. */
async function fetchAlone(url: string, init: RequestInit): Promise<Response> {
  const call = request(url, {
    method: init.method,
    headers: Object.fromEntries(new Headers(init.headers)),
    agent: false,
  });
  call.end(init.body);
  const [answer] = (await once(call, 'response')) as [IncomingMessage];
  const headers = Object.entries(answer.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value): [string, string] => [name, value]),
  );
  return new Response(await buffer(answer), { status: answer.statusCode ?? 0, headers });
}

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

/** Of the processes that have spans of this kind and name. */
const rolesOf = (spans: readonly ReceivedSpan[], wanted: string) => [
  ...new Set(
    spans
      .filter(({ kind, name }) => `${kind} ${name}` === wanted)
      .map(({ resource }) => resource['trolley.roles']),
  ),
];
