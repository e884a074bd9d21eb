import { z } from 'zod';
import { defineActor, defineContract, refusal, type EffectContext } from '@trolley/runtime';

const Hook = z.object({ url: z.url(), body: z.string().max(10_000) });
const Pending = Hook.extend({ id: z.string(), attempts: z.int() });
type Pending = z.infer<typeof Pending>;
const Sender = z.object({ queue: z.array(Pending), isBusy: z.boolean(), sent: z.int(), dropped: z.int() });
type Sender = z.infer<typeof Sender>;

/** Sends webhooks of one receiver in order, one at a time and no faster than its rate. */
export const WebhookSender = defineContract({
  type: 'webhook-sender',
  key: z.string().min(1).max(100),
  refusals: { queue_full: z.object({ limit: z.int() }) },
  messages: {
    Send: { input: Hook, output: z.object({ queued: z.int() }) },
    Next: { input: z.object({}) },
    Report: { input: z.object({}), output: Sender.pick({ sent: true, dropped: true }), readOnly: true },
  },
});

const maxQueued = 50;
export type Post = (url: string, body: string, id: string, signal: AbortSignal) => Promise<void>;

export const createWebhookSender = (post: Post, { intervalMs = 1_000, attempts = 5 } = {}) =>
  defineActor(WebhookSender, {
    state: Sender,
    initial: (): Sender => ({ queue: [], isBusy: false, sent: 0, dropped: 0 }),
    receive: {
      Send(turn, hook) {
        if (turn.state.queue.length >= maxQueued)
          throw refusal(WebhookSender, 'queue_full', 'too many are waiting', { limit: maxQueued });
        const pending: Pending = { ...hook, id: turn.messageId, attempts: 0 };
        // The first of a burst leaves at once; the others follow as the one before them ends.
        if (!turn.state.isBusy) turn.perform('Post', pending, { id: pending.id });
        turn.set({ ...turn.state, queue: [...turn.state.queue, pending], isBusy: true });
        return { queued: turn.state.queue.length };
      },
      Next(turn) {
        const [first] = turn.state.queue;
        turn.set({ ...turn.state, isBusy: first !== undefined });
        if (first) turn.perform('Post', first, { id: first.id });
      },
      Report: (turn) => ({ sent: turn.state.sent, dropped: turn.state.dropped }),
    },
    effects: {
      Post: ({ url, body, id }: Pending, { signal }: EffectContext) => post(url, body, id, signal),
    },
    onResult: {
      Post(turn, outcome, { attempts: before }) {
        const [first, ...rest] = turn.state.queue;
        if (!first) return;
        const { sent, dropped } = turn.state;
        const tried = { ...first, attempts: before + 1 };
        const isOver = outcome.ok || tried.attempts >= attempts;
        turn.set({
          ...turn.state,
          queue: isOver ? rest : [tried, ...rest],
          sent: outcome.ok ? sent + 1 : sent,
          dropped: isOver && !outcome.ok ? dropped + 1 : dropped,
        });
        turn.remind('Next', {}, { delayMs: isOver ? intervalMs : intervalMs * 2 ** tried.attempts });
      },
    },
  });
