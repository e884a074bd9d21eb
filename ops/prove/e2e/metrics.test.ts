import { expect } from 'chai';
import { documentedMetrics } from '../../operate/observability/testing/known-metrics.ts';
import { parseExposition, type Exposition } from '../../shop/metrics/testing/parse-exposition.ts';
import { documentedFetch } from '../testing/documented-fetch.ts';
import { EventFollower } from './event-follower.ts';
import { eventually } from './eventually.ts';
import { untilAllEnded } from './invariants.ts';
import { startShop, type RunningShop } from './running-shop.ts';
import { portOf } from './shop-environment.ts';

const documented = [...documentedMetrics()].map(([name, metric]) => ({ name, ...metric }));

/** Do not move in a shop to which nothing happens; what counts them is tested by itself. */
const atRest = new Set([
  'trolley_actors_parked',
  'trolley_circuit_open',
  'trolley_dead_letters_total',
  'trolley_event_log_lag',
  'trolley_grpc_client_calls_under_way',
  'trolley_http_shed_total',
  'trolley_mailbox_actors',
  'trolley_mailbox_deepest',
  'trolley_mailbox_messages',
  'trolley_outbox_events',
  'trolley_outbox_oldest_age_seconds',
  'trolley_parked_actors_total',
  'trolley_passivations_total',
  'trolley_sagas_stuck',
  'trolley_sagas_stuck_oldest_age_seconds',
  'trolley_scrape_failures_total',
  'trolley_shards_left_total',
  'trolley_spans_dropped_total',
  'trolley_spans_exported_total',
  'trolley_turn_failures_total',
  'trolley_turn_retries_total',
]);

describe('the metrics of the shop', () => {
  let shop: RunningShop;
  let seen: Exposition;
  let follower: EventFollower | undefined;

  const scrape = async (url: string, ask = documentedFetch) => {
    const answer = await ask(`${url}/metrics`);
    expect([answer.status, answer.headers.get('content-type')]).to.deep.equal([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    return parseExposition(await answer.text());
  };
  /** The sum of what has these labels; of a histogram how much was observed. */
  const sum = ({ samples }: Exposition, name: string, labels: Readonly<Record<string, string>> = {}) =>
    samples
      .filter((sample) => sample.name === name || sample.name === `${name}_count`)
      .filter((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))
      .reduce((total, { value }) => total + value, 0);

  before(async () => {
    shop = await startShop({
      HEALTH_PORT: '0',
      RATE_LIMIT_RPS: '1',
      RATE_LIMIT_BURST: '12',
      // Nobody is there.
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    });
    const [buyer, refused, hasty, reader] = await shop.client.users(1, 4);
    await buyer!.add(1, 1);
    await buyer!.shop.cart.get();
    await buyer!.checkout('k');
    await buyer!.checkout('k');
    await refused!.add(2, 1);
    await refused!.checkout('k', { payment_method: 'card_declined' });
    await refused!.send('GET', '/products/1');
    await refused!.send('PUT', '/cart/items/5', { json: { quantity: 1 } });
    await shop.client.send('GET', '/nowhere/1/2');
    await Promise.all(Array.from({ length: 14 }, () => hasty!.send('GET', '/cart')));
    const follow = () => new EventFollower(() => shop.client.url, reader!);
    const left = follow();
    await left.ready;
    await left.stop();
    follower = follow();
    await follower.ready;
    await reader!.add(3, 1);
    await untilAllEnded(shop.stores);
    seen = await eventually(async () => {
      const found = await scrape(shop.client.url);
      const told = ['trolley_events_sent_total', 'trolley_event_streams_ended_total'];
      const isSettled = sum(found, 'trolley_ask_duration_seconds', { message: 'SettlePurchase' }) > 0;
      return isSettled && told.every((name) => sum(found, name) > 0) && found;
    }, 'the order of what was bought, told, and events to their reader');
  });
  after(async () => {
    await follower?.stop();
    await shop.stop();
  });

  it('count what happened', () => {
    const counts = (name: string, labels: Readonly<Record<string, string>>) => sum(seen, name, labels);
    const requests = 'trolley_http_request_duration_seconds';
    expect(counts(requests, { method: 'POST', route: '/api/v1/checkout', status: '201' })).to.equal(2);
    expect(counts(requests, { method: 'POST', route: '/api/v1/checkout', status: '200' })).to.equal(1);
    expect(counts(requests, { route: '/api/v1/products/:product_id', status: '200' })).to.equal(1);
    expect(counts(requests, { route: 'none', status: '404' })).to.equal(1);
    const limited = counts(requests, { route: '/api/v1/cart', status: '429' });
    expect(limited).to.be.within(1, 2);
    expect(counts('trolley_http_rate_limited_total', {})).to.equal(limited);
    expect(counts('trolley_saga_duration_seconds', { saga: 'checkout', outcome: 'completed' })).to.equal(1);
    expect(counts('trolley_saga_duration_seconds', { saga: 'checkout', outcome: 'failed' })).to.equal(1);
    expect(counts('trolley_effect_duration_seconds', { effect: 'Charge' })).to.equal(2);
    expect(counts('trolley_effect_duration_seconds', { effect: 'Release', outcome: 'ok' })).to.equal(1);
    const charge = { method: 'payment.PaymentService/Charge' };
    expect(counts('trolley_grpc_client_duration_seconds', { ...charge, outcome: 'ok' })).to.equal(2);
    expect(counts('trolley_grpc_server_duration_seconds', { ...charge, status: 'OK' })).to.equal(2);
    const ask = { actor: 'cart', message: 'SetQuantity', outcome: 'refused' };
    expect(counts('trolley_ask_duration_seconds', ask)).to.equal(1);
    expect(counts('trolley_cache_reads_total', { cache: 'cart_views', result: 'hit' })).to.be.above(0);
    expect(counts('trolley_cache_reads_total', { cache: 'prices', result: 'miss' })).to.be.above(0);
    expect(counts('trolley_activations_total', { actor: 'checkout' })).to.equal(2);
    expect(counts('trolley_shards', {})).to.equal(64);
    for (const group of ['cart-service-consumer', 'orders-service'])
      expect(seen.samples.filter(({ labels }) => labels['group'] === group)).to.have.length(6);
  });

  it('are those of the guide, with its types and labels, and all of them move but those of a shop in trouble', () => {
    const told = [...seen.families].filter(([name]) => name.startsWith('trolley_'));
    expect(told.map(([name, { type }]) => `${name} ${type}`).sort()).to.deep.equal(
      documented.map(({ name, type }) => `${name} ${type}`).sort(),
    );
    for (const { name, labels } of documented) {
      const samples = seen.samples.filter(
        (sample) => sample.name.replace(/_(bucket|sum|count)$/, '') === name,
      );
      for (const sample of samples) {
        const own = Object.keys(sample.labels).filter((label) => label !== 'le' && label !== 'process');
        expect(own.sort(), name).to.deep.equal(labels.toSorted());
      }
      if (!atRest.has(name)) expect(sum(seen, name), name).to.be.above(0);
    }
  });

  it('are named as is usual, and have no series for each key', () => {
    for (const [name, { type, help }] of seen.families) {
      if (!name.startsWith('trolley_')) continue;
      expect(name.endsWith('_total'), name).to.equal(type === 'counter');
      if (type === 'histogram') expect(name).to.match(/_seconds$/);
      expect(help, name).to.match(/^[A-Z0-9].*\.$/);
    }
    const values = seen.samples.flatMap(({ labels }) => Object.values(labels));
    expect(
      values.filter((value) => /[0-9a-f]{8}-|^\d+$/.test(value) && !/^[1-5]\d\d$|^\d{1,3}$/.test(value)),
    ).to.deep.equal([]);
    expect(values).not.to.include('/nowhere/1/2');
  });

  it('are the same on the port of the probes', async () => {
    const probed = await scrape(`http://127.0.0.1:${portOf(shop.lines, 'health')}`, fetch);
    expect(sum(probed, 'trolley_saga_duration_seconds')).to.equal(2);
    expect([...probed.families.keys()].sort()).to.deep.equal([...seen.families.keys()].sort());
  });
});
