import { z } from 'zod';
import { defineActor, defineContract, refusal, type DeepReadonly } from '@trolley/runtime';

const Name = z.object({ name: z.string().min(1).max(40) });
const Line = z.object({ from: z.string(), text: z.string() });
const Room = z.object({ present: z.array(z.string()), lines: z.array(Line) });
const Present = Room.pick({ present: true });
type Room = DeepReadonly<z.infer<typeof Room>>;

/** A room. Who has not been heard of for a while is no longer present; with the last one goes what was said. */
export const ChatRoom = defineContract({
  type: 'chat-room',
  key: z.string().regex(/^[a-z0-9-]{1,40}$/),
  refusals: { not_present: null },
  messages: {
    Join: { input: Name, output: Present },
    /** Sent by a browser every few seconds. */
    StillHere: { input: Name },
    Leave: { input: Name, output: Present },
    Say: { input: Name.extend({ text: z.string().min(1).max(500) }), output: z.object({}) },
    Read: { input: z.object({}), output: Room, readOnly: true },
  },
});

export const absentAfterMs = 30_000;
const keptLines = 100;

/** Each has a reminder of his own: another one under this id puts it off. */
const absence = (name: string) => ({ id: name, delayMs: absentAfterMs });

export const chatRoom = defineActor(ChatRoom, {
  state: Room,
  initial: (): Room => ({ present: [], lines: [] }),
  receive: {
    Join(turn, { name }) {
      const present = [...new Set([...turn.state.present, name])].sort();
      turn.set({ ...turn.state, present });
      turn.remind('Leave', { name }, absence(name));
      return { present };
    },
    StillHere(turn, { name }) {
      if (turn.state.present.includes(name)) turn.remind('Leave', { name }, absence(name));
    },
    Leave(turn, { name }) {
      const present = turn.state.present.filter((one) => one !== name);
      if (present.length === 0) turn.clear();
      else turn.set({ ...turn.state, present });
      turn.cancelReminder(name);
      return { present };
    },
    Say(turn, { name, text }) {
      const { present, lines } = turn.state;
      if (!present.includes(name)) throw refusal(ChatRoom, 'not_present', `${name} is not in the room`);
      turn.set({ present, lines: [...lines, { from: name, text }].slice(-keptLines) });
      return {};
    },
    Read: (turn) => turn.state,
  },
});
