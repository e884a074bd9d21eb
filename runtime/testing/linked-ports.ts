import type { Inbox, Replies } from '../mailbox/replies.ts';
import type { AskedQuestion, NodeQuestions, QuestionInbox } from '../inspect/question.ts';
import type { LinkPort } from '../cluster/node-link.ts';
import type { ShardRegistry } from '../cluster/shard-registry.ts';
import { acceptInlined } from '../mailbox/delivery-watermark.ts';
import type { Mailbox } from '../mailbox/mailbox.ts';
import type { StateStore } from '../storage/state-store.ts';
import type { MemoryServers } from './memory-servers.ts';
import type { Network } from './network.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** The servers' ports as one process reaches them: over the simulated network. */
export interface Link {
  readonly network: Network;
  readonly process: SimulatedProcess;
  readonly servers: MemoryServers;
}

export function linkMailbox({ network, process, servers }: Link): Mailbox {
  const { mailbox } = servers;
  // One per process, as each has a mailbox adapter of its own.
  const watermark = servers.newWatermark();
  const call = <T>(operation: string, about: string, shard: number, serve: () => Promise<T>) =>
    network.call(process, 'mailbox', operation, about, () => {
      servers.checkLease(shard);
      return serve();
    });
  return {
    send: (to, jobId, envelope, notBefore) =>
      call('send', `${to.id}/${jobId}`, to.shard, () => mailbox.send(to, jobId, envelope, notBefore)),
    withdraw: (to, jobId) =>
      call('withdraw', `${to.id}/${jobId}`, to.shard, () => mailbox.withdraw(to, jobId)),
    async claim(from, lease, request) {
      const { deliveries, lastWakeId } = await call('claim', from.id, from.shard, async () => {
        return { deliveries: await mailbox.claim(from, lease, request), lastWakeId: servers.lastWakeId };
      });
      watermark.claimed(from.id, lastWakeId);
      return deliveries;
    },
    accept: (inlined, from, lease) => acceptInlined(watermark, inlined, from, lease),
    ack: (of, lease, done, request) =>
      call('ack', of.id, of.shard, () => mailbox.ack(of, lease, done, request)),
    isEmpty: (of, lease) => call('isEmpty', of.id, of.shard, () => mailbox.isEmpty(of, lease)),
    park: (of, lease, why) => call('park', of.id, of.shard, () => mailbox.park(of, lease, why)),
    noteStart: (of, lease, jobId) =>
      call('noteStart', `${of.id}/${jobId}`, of.shard, () => mailbox.noteStart(of, lease, jobId)),
    noteReturn: (of, jobId) =>
      call('noteReturn', `${of.id}/${jobId}`, of.shard, () => mailbox.noteReturn(of, jobId)),
    ready: (shard) => call('ready', String(shard), shard, () => mailbox.ready(shard)),
    watch: (onWake) =>
      mailbox.watch((address, inlined) =>
        network.push(process, 'wake-ups', 'wake', address.id, () => onWake(address, inlined)),
      ),
  };
}

export function linkRegistry({ network, process, servers: { registry } }: Link): ShardRegistry {
  const call = <T>(operation: string, about: number | string, serve: () => Promise<T>) =>
    network.call(process, 'registry', operation, String(about), serve);
  return {
    join: (node, ttlMs) => call('join', node, () => registry.join(node, ttlMs)),
    members: () => call('members', '', () => registry.members()),
    holder: (shard) => call('holder', shard, () => registry.holder(shard)),
    leave: (node) => call('leave', node, () => registry.leave(node)),
    acquire: (shard, node, ttlMs) => call('acquire', shard, () => registry.acquire(shard, node, ttlMs)),
    renew(leases, ttlMs) {
      // A copy: what is on its way does not change any more. And one call: they are all kept by one server here.
      const sent = leases.map(({ shard, token }) => ({ shard, token }));
      const kept = call('renew', sent.length, () => Promise.all(registry.renew(sent, ttlMs)));
      return sent.map(async (_, index) => (await kept)[index] === true);
    },
    release: (shard, token) => call('release', shard, () => registry.release(shard, token)),
  };
}

export function linkReplies({ network, process, servers: { replies } }: Link): Replies {
  return {
    send: (inbox, reply) =>
      network.call(process, 'replies', 'send', reply.id, () => replies.send(inbox, reply)),
  };
}

export function openLinkedInbox({ network, process, servers: { replies } }: Link): Inbox {
  const inbox = replies.open(process.name);
  return {
    name: inbox.name,
    onReply: (listener) =>
      inbox.onReply((reply) => network.push(process, 'inbox', 'answer', reply.id, () => listener(reply))),
    close: () => inbox.close(),
  };
}

export function linkQuestions({ network, process, servers: { questions } }: Link): NodeQuestions {
  return {
    send: (node, asked) =>
      network.call(process, 'mailbox', 'question', node, () => questions.send(node, asked)),
  };
}

/** A node hears questions as it hears wake-ups. */
export function openLinkedQuestions(
  { network, process, servers: { questions } }: Link,
  onQuestion: (asked: AskedQuestion) => void,
): QuestionInbox {
  return questions.open(process.name, (asked) =>
    network.push(process, 'wake-ups', 'question', asked.id, () => onQuestion(asked)),
  );
}

/** The two ends of what links a process that asks with one that hosts actors. */
export function linkedPorts(
  network: Network,
  asker: SimulatedProcess,
  node: SimulatedProcess,
): [LinkPort, LinkPort] {
  const listeners = new Map<SimulatedProcess, (frame: unknown) => void>();
  const portOf = (own: SimulatedProcess, other: SimulatedProcess): LinkPort => ({
    post(frame) {
      // As bytes, between two processes.
      const text = JSON.stringify(frame);
      network.push(other, 'link', 'frame', own.name, () => listeners.get(other)?.(JSON.parse(text)));
    },
    onFrame: (listener) => void listeners.set(own, listener),
  });
  return [portOf(asker, node), portOf(node, asker)];
}

export function linkStore({ network, process }: Omit<Link, 'servers'>, store: StateStore): StateStore {
  return {
    load: (key) => network.call(process, 'store', 'load', key, () => store.load(key)),
    write: (write) => network.call(process, 'store', 'write', write.key, () => store.write(write)),
    unfinished: (...args) =>
      network.call(process, 'store', 'unfinished', String(args[1]), () => store.unfinished(...args)),
  };
}
