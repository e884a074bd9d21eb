import { z } from 'zod';
import { defineActor, defineContract, refusal, type DeepReadonly } from '@trolley/runtime';

const Name = z.object({ name: z.string().min(1).max(40) });
const Line = z.object({ from: z.string(), text: z.string() });
const Present = z.object({ present: z.array(z.string()) });
const Room = z.object({ seen: z.record(z.string(), z.int()), lines: z.array(Line) });
type Room = DeepReadonly<z.infer<typeof Room>>;

/** A room. Whoever has not been heard of for a while is no longer present. */
export const ChatRoom = defineContract({
  type: 'chat-room',
  key: z.string().regex(/^[a-z0-9-]{1,40}$/),
  refusals: { not_present: null },
  messages: {
    Join: { input: Name, output: Present },
    Leave: { input: Name, output: Present },
    /** Sent by a browser every few seconds. */
    StillHere: { input: Name },
    Say: { input: Name.extend({ text: z.string().min(1).max(500) }), output: z.object({}) },
    Read: { input: z.object({}), output: Present.extend({ lines: z.array(Line) }), readOnly: true },
    Sweep: { input: z.object({}) },
  },
});

export const absentAfterMs = 30_000;
const sweepEveryMs = 10_000;
const keptLines = 100;
const presentIn = (room: Room) => Object.keys(room.seen).sort();

function without(room: Room, isGone: (name: string, seenAt: number) => boolean): Room {
  const seen = Object.entries(room.seen).filter(([name, at]) => !isGone(name, at));
  return { ...room, seen: Object.fromEntries(seen) };
}

export const chatRoom = defineActor(ChatRoom, {
  state: Room,
  initial: (): Room => ({ seen: {}, lines: [] }),
  receive: {
    Join(turn, { name }) {
      // One sweep at a time: another reminder of the same message would put it off.
      if (presentIn(turn.state).length === 0) turn.remind('Sweep', {}, { delayMs: sweepEveryMs });
      turn.set({ ...turn.state, seen: { ...turn.state.seen, [name]: turn.now } });
      return { present: presentIn(turn.state) };
    },
    Leave(turn, { name }) {
      turn.set(without(turn.state, (one) => one === name));
      return { present: presentIn(turn.state) };
    },
    StillHere(turn, { name }) {
      if (!(name in turn.state.seen)) return;
      turn.set({ ...turn.state, seen: { ...turn.state.seen, [name]: turn.now } });
    },
    Say(turn, { name, text }) {
      if (!(name in turn.state.seen)) throw refusal(ChatRoom, 'not_present', `${name} is not in the room`);
      turn.set({ ...turn.state, lines: [...turn.state.lines, { from: name, text }].slice(-keptLines) });
      return {};
    },
    Read: (turn) => ({ present: presentIn(turn.state), lines: turn.state.lines }),
    Sweep(turn) {
      turn.set(without(turn.state, (_, seenAt) => seenAt + absentAfterMs <= turn.now));
      if (presentIn(turn.state).length > 0) turn.remind('Sweep', {}, { delayMs: sweepEveryMs });
    },
  },
});
