import type { Registry } from 'prom-client';
import type { NodeObserver } from '@trolley/runtime';
import { DurationHistogram, durationBuckets } from '@trolley/runtime/prometheus';
import { CheckoutContract } from '../../../actors/checkout/checkout.contract.ts';
import { endingOf } from '../../../actors/checkout/checkout.saga.ts';
import type { CheckoutState } from '../../../actors/checkout/checkout.state.ts';

/** Checkouts that come to their end, once each: with the write that ends them. */
export function sagaMetrics(registry: Registry): NonNullable<NodeObserver['stateWritten']> {
  const sagas = new DurationHistogram({
    name: 'trolley_saga_duration_seconds',
    help: 'How long sagas took, from their start to their end. Outcome: completed; failed, all was undone.',
    labelNames: ['saga', 'outcome'],
    buckets: [...durationBuckets, 30, 60, 120],
    registry,
  });
  return ({ actor: { type }, before, after }) => {
    if (type !== CheckoutContract.type) return;
    // What a store of checkouts was given: the runtime has held it against the schema.
    const [{ session: was }, { session }] = [before, after] as [CheckoutState, CheckoutState];
    if (session === null || (was !== null && endingOf(was) !== undefined)) return;
    const outcome = endingOf(session);
    if (outcome !== 'completed' && outcome !== 'failed') return;
    const { createdAt, completedAt = createdAt } = session.context;
    sagas.observe([type, outcome], Math.max(0, completedAt - createdAt) / 1000);
  };
}
