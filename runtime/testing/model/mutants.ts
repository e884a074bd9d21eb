import type { Delivery } from '../../mailbox/mailbox.ts';
import type { StateStore } from '../../storage/state-store.ts';
import type { programs } from './programs.ts';
import { everySingleDeviation, everyZombie, type Plan } from './search.ts';
import { methodsOf, methodsOfStore } from './witness.ts';
import type { Mutation } from './world.ts';

/** The protocol without one of its parts, and where that shows. */
export interface Mutant extends Mutation {
  readonly program: keyof typeof programs;
  readonly plan: Plan;
}

const told = { program: 'messages asked, told and copied', plan: everySingleDeviation } as const;
const broken = { program: 'messages that are refused or break', plan: everyZombie } as const;
const near = { program: 'messages asked from within a node' } as const;
const unread = {
  program: 'messages from within a node for which the state is not read',
  plan: everySingleDeviation,
} as const;
const refused = { program: 'a message that is refused, and travels in a wake-up' } as const;

/** Each leaves out something that nothing else makes up for. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'ack does not check the lease': {
    ...broken,
    mailbox: (mailbox) => ({
      ...methodsOf(mailbox),
      ack(of, lease, ...rest) {
        mailbox.grant(lease);
        return mailbox.ack(of, lease, ...rest);
      },
    }),
  },
  'claim leaves what an earlier owner had in hand': {
    ...told,
    mailbox: (mailbox) => ({
      ...methodsOf(mailbox),
      claim: (from, lease, request) => mailbox.ack(from, lease, [], request),
    }),
  },
  'claim hands over the newest first': {
    ...told,
    mailbox: (mailbox) => ({
      ...methodsOf(mailbox),
      claim: async (...args) => (await mailbox.claim(...args)).reverse(),
    }),
  },
  'what is read does not wait for what is to be written before it': {
    ...refused,
    plan: everySingleDeviation,
    mailbox: (mailbox) => ({
      ...methodsOf(mailbox),
      claim: async (...args) => readsFirst(await mailbox.claim(...args)),
      ack: async (...args) => readsFirst(await mailbox.ack(...args)),
    }),
  },
  'nobody looks for what a lost wake-up left': {
    ...told,
    mailbox: (mailbox) => ({ ...methodsOf(mailbox), ready: async () => [] }),
  },
  'an actor with effects under way is not in the ready set': {
    ...told,
    mailbox: (mailbox) => ({
      ...methodsOf(mailbox),
      claim: (from, lease, request) => mailbox.claim(from, lease, { ...request, wakeAt: Infinity }),
      ack: (of, lease, done, request) => mailbox.ack(of, lease, done, { ...request, wakeAt: Infinity }),
    }),
  },
  'what was asked within a node does not wait for what lies in the mailbox': {
    ...near,
    plan: everySingleDeviation,
    mailbox: (mailbox) => ({
      ...methodsOf(mailbox),
      async isEmpty(of, lease) {
        await mailbox.isEmpty(of, lease);
        return true;
      },
    }),
  },
  'what was asked within a node under no id is not written with what it changed': {
    program: 'messages asked from within a node, once and under no id',
    plan: everySingleDeviation,
    store: (store) => ({
      ...methodsOfStore(store),
      write(write) {
        const applied = write.record.applied.filter(({ id }) => !id.startsWith('r-'));
        return store.write({ ...write, record: { ...write.record, applied } });
      },
    }),
  },
  'what was asked within a node is answered under a lease that has run out': {
    program: 'messages asked from within a node that are refused, or read',
    plan: everyZombie,
    mailbox: (mailbox) => ({
      ...methodsOf(mailbox),
      isEmpty(of, lease) {
        mailbox.grant(lease);
        return mailbox.isEmpty(of, lease);
      },
    }),
  },
  'a wake-up counts although its message was handled meanwhile': {
    ...refused,
    plan: everySingleDeviation,
    watermark: () => ({ claimed: () => undefined, accept: () => true }),
  },
  'the store writes without comparing versions': {
    ...refused,
    plan: everyZombie,
    store: (store) => ({
      ...methodsOfStore(store),
      async write(write) {
        const stored = await store.load(write.key);
        return store.write({ ...write, expectedVersion: stored?.version ?? 0 });
      },
    }),
  },
  'the store writes over what was not read': {
    ...unread,
    store: (store) => ({
      ...methodsOfStore(store),
      async write(write) {
        const expectedVersion = write.expectedVersion || ((await store.load(write.key))?.version ?? 0);
        return store.write({ ...write, expectedVersion });
      },
    }),
  },
  'what was made of a state that was not read is answered although another is stored': {
    ...unread,
    store: (store) => ({
      ...methodsOfStore(store),
      write: async (write) => (await store.write(write)) || write.expectedVersion === 0,
    }),
  },
  'what was made of a state that was not read is answered before it is written': {
    ...unread,
    store: writingLate,
  },
  'the store forgets which messages were applied': {
    ...told,
    store: (store) => ({
      ...methodsOfStore(store),
      write: (write) => store.write({ ...write, record: { ...write.record, applied: [] } }),
    }),
  },
  'the store forgets which messages were refused': {
    ...broken,
    plan: everySingleDeviation,
    store: (store) => ({
      ...methodsOfStore(store),
      write(write) {
        const applied = write.record.applied.filter((one) => one.unchanging !== true);
        return store.write({ ...write, record: { ...write.record, applied } });
      },
    }),
  },
  'the store forgets which effects are wanted': {
    ...told,
    store: (store) => ({
      ...methodsOfStore(store),
      write: (write) => store.write({ ...write, record: { ...write.record, effects: [] } }),
    }),
  },
  'the store says that it has written before it has': { ...told, store: writingLate },
  'a postponed write is put off across the answer': {
    program: 'an ask from within a node whose write waits for its effect',
    plan: everySingleDeviation,
    store: writingLate,
  },
};

/**
 * Each leaves out a second line of defence. What a fenced-off *claim* hands to a zombie, the zombie can neither
 * write nor ack, and the owner's next *claim* puts it back in order: the check only spares that detour.
 */
export const redundant: Readonly<Record<string, Mutant>> = {
  'claim does not check the lease': {
    ...broken,
    mailbox: (mailbox) => ({
      ...methodsOf(mailbox),
      claim(from, lease, request) {
        mailbox.grant(lease);
        return mailbox.claim(from, lease, request);
      },
    }),
  },
};

const readsFirst = (deliveries: readonly Delivery[]) => {
  const isRead = ({ envelope }: Delivery) => envelope.name === 'Read';
  return [...deliveries.filter(isRead), ...deliveries.filter((one) => !isRead(one))];
};

/** The last write of each key is only in its memory, until the next one comes. */
function writingLate(store: StateStore): StateStore {
  const late = new Map<string, Parameters<StateStore['write']>[0]>();
  return {
    ...methodsOfStore(store),
    async write(write) {
      const before = late.get(write.key);
      if (before !== undefined) await store.write(before);
      late.set(write.key, write);
      return true;
    },
  };
}
