import type { World } from './world.ts';

/** What the client of a run does. */
export interface Program {
  /** Where some messages break. */
  readonly brokenNode?: string;
  readonly begin: (world: World) => void;
}

export const programs = {
  'messages asked, told and copied': {
    begin(world) {
      void world.append(1).then(() => world.read());
      void world.append(2);
      void world.note(3).then(() => world.append(5));
      void world.copy(4);
    },
  },
  'messages that are refused or break': {
    brokenNode: 'node-1',
    begin(world) {
      // The first travels alone, those that wait for it share a turn.
      void world.append(1);
      void world.appendAfter(2, 3);
      void world.append(3);
      void world.appendIfSound(4).then(() => world.append(5));
    },
  },
  'messages that come later': {
    begin(world) {
      void world.later(1).then(() => world.append(2));
      void world.noteAfter(3, 80).then(() => world.later(4));
    },
  },
  'a message that is refused, and travels in a wake-up': {
    begin(world) {
      void world.appendAfter(1, 2);
      void world.append(2).then(() => world.appendAfter(3, 4));
      void world.note(4).then(() => world.read());
    },
  },
  'messages asked from within a node': {
    begin(world) {
      void world.note(1).then(() => world.appendNear(2));
      void world.appendNear(3).then(() => world.read());
      void world.append(4).then(() => world.readNear());
      void world.appendNear(5);
    },
  },
  'messages asked from within a node, once and under no id': {
    begin(world) {
      void world.note(1).then(() => world.appendNearOnce(2));
      void world.appendNearOnce(3).then(() => world.appendNearOnce(4));
      void world.append(5).then(() => world.appendNearOnce(6));
    },
  },
  'messages asked from within a node that are refused, or read': {
    begin(world) {
      void world.appendNear(1).then(() => world.read());
      void world.appendAfterNear(2, 3);
      // One step later: what is in the mailbox first would have them go there, too.
      void world.noteElsewhere().then(() => world.read().then(() => world.readNear()));
    },
  },
  'an ask from within a node whose write waits for its effect': {
    begin(world) {
      void world.copyThroughNear(1).then(() => world.append(2));
      void world.noteElsewhere().then(() => world.read().then(() => world.readNear()));
    },
  },
  'messages for which the state is not read': {
    begin(world) {
      void world.begin(1).then(() => world.look());
      void world.begin(2).then(() => world.begin(3));
    },
  },
  'messages from within a node for which the state is not read': {
    begin(world) {
      void world.beginNear(1).then(() => world.lookNear());
      void world.beginNear(2);
      void world.append(3).then(() => world.beginNear(4));
    },
  },
} as const satisfies Record<string, Program>;
