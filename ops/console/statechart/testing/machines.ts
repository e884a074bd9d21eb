import {
  and,
  assign,
  createMachine,
  fromPromise,
  not,
  or,
  raise,
  setup,
  stateIn,
  type AnyStateMachine,
} from 'xstate';

/* Machines of the shapes that are found in public: one idea each. */

const toggle = createMachine({
  id: 'toggle',
  initial: 'off',
  states: { off: { on: { TOGGLE: 'on' } }, on: { on: { TOGGLE: 'off' }, entry: 'shine', exit: 'dim' } },
});

/** Nested, and delays by number. */
const trafficLight = createMachine({
  id: 'light',
  version: '3',
  initial: 'green',
  states: {
    green: { after: { 1500: 'yellow' } },
    yellow: { after: { 500: 'red' } },
    red: {
      initial: 'walk',
      states: {
        walk: { after: { 90_000: 'wait' } },
        wait: { after: { 250: 'stop' } },
        stop: { type: 'final' },
      },
      onDone: 'green',
      on: { POWER_OUT: { target: '.stop' } },
    },
  },
  on: { RESET: { target: '.green', reenter: true } },
});

/** Parallel, with regions of their own and one transition into several of them. */
const wordProcessor = createMachine({
  id: 'word',
  type: 'parallel',
  states: {
    bold: { initial: 'off', states: { off: { on: { BOLD: 'on' } }, on: { on: { BOLD: 'off' } } } },
    list: {
      initial: 'none',
      states: { none: { on: { BULLETS: 'bullets' } }, bullets: { on: { NONE: 'none' } } },
    },
  },
  on: { PLAIN: { target: ['.bold.off', '.list.none'] } },
});

/** History, shallow and deep, each with what it falls back to. */
const player = createMachine({
  id: 'player',
  initial: 'stopped',
  states: {
    stopped: { on: { PLAY: 'playing.last', RESUME: 'playing.exactly' } },
    playing: {
      initial: 'normal',
      states: {
        last: { type: 'history', target: 'normal' },
        exactly: { type: 'history', history: 'deep' },
        normal: { initial: 'loud', states: { loud: { on: { MUTE: 'quiet' } }, quiet: {} } },
        fast: {},
      },
      on: { STOP: 'stopped', FASTER: '.fast' },
    },
  },
});

const fetcher = setup({
  actors: { fetchUser: fromPromise(async () => 'user') },
  delays: { backOff: () => 100 },
  guards: { mayRetry: () => true },
  actions: { store: () => {}, tell: (_, _params: { level: string }) => {} },
}).createMachine({
  id: 'fetch',
  initial: 'idle',
  states: {
    idle: { on: { FETCH: 'loading' } },
    loading: {
      description: 'The request is under way.',
      tags: ['busy'],
      invoke: {
        id: 'request',
        src: 'fetchUser',
        onDone: { target: 'success', actions: 'store' },
        onError: [
          { guard: 'mayRetry', target: 'waiting' },
          { target: 'failure', actions: { type: 'tell', params: { level: 'error' } } },
        ],
        onSnapshot: { actions: 'store' },
      },
    },
    waiting: { after: { backOff: 'loading' } },
    success: { type: 'final', tags: 'completed' },
    failure: { type: 'final', meta: { kind: 'failed' } },
  },
});

/** Transitions without an event, with guards that are made of others, and with functions that have no name. */
const gate = setup({
  guards: { isMember: () => true, isOpen: () => true, isStaff: () => false },
}).createMachine({
  id: 'gate',
  initial: 'deciding',
  context: { tries: 0 },
  states: {
    deciding: {
      always: [
        { guard: and(['isMember', or(['isOpen', 'isStaff'])]), target: 'inside' },
        { guard: not('isOpen'), target: 'outside' },
        { guard: stateIn('#gate.deciding'), actions: assign({ tries: 1 }) },
        { guard: () => true, target: 'outside' },
      ],
    },
    inside: { type: 'final' },
    outside: { on: { KNOCK: 'deciding' } },
  },
});

/** `*`, partial wildcards, an event that is forbidden, and what stays in its state. */
const router = createMachine({
  id: 'router',
  initial: 'up',
  context: {},
  states: {
    up: {
      on: {
        '*': 'confused',
        'mouse.*': { actions: [assign({}), raise({ type: 'PING' }), 'note', () => {}] },
        HIDE: {},
        PING: { target: 'up', reenter: true },
        PONG: { target: 'up' },
      },
    },
    confused: { always: 'up' },
  },
  on: { HIDE: '.confused' },
});

/** A saga: steps, each with what undoes it. */
const trip = createMachine({
  id: 'trip',
  initial: 'flight',
  states: {
    flight: { on: { BOOKED: 'hotel', REFUSED: 'failed' } },
    hotel: { on: { BOOKED: 'done', REFUSED: 'undoing' } },
    undoing: {
      tags: 'undo',
      initial: 'cancelFlight',
      states: { cancelFlight: { on: { CANCELLED: '#trip.failed' } } },
      after: { 604_800_000: { actions: 'callSomebody' } },
    },
    done: { type: 'final', tags: ['completed'] },
    failed: { type: 'final', tags: ['failed'] },
  },
});

/** All regions at an end is an end. */
const assembly = createMachine({
  id: 'assembly',
  initial: 'parts',
  states: {
    parts: {
      type: 'parallel',
      states: {
        wheels: {
          initial: 'missing',
          states: { missing: { on: { WHEELS: 'there' } }, there: { type: 'final' } },
        },
        frame: {
          initial: 'missing',
          states: { missing: { on: { FRAME: 'there' } }, there: { type: 'final' } },
        },
      },
      onDone: 'assembled',
    },
    assembled: { type: 'final' },
  },
});

const hostile = createMachine({
  id: 'odd "names" & more',
  description: '</title><script>alert(1)</script>',
  initial: 'a "quoted" <b>state</b>',
  states: {
    'a "quoted" <b>state</b>': { on: { '"; } digraph { &amp; \\N \\l': 'ünï/çødé 状態' } },
    'ünï/çødé 状態': {
      description: 'control \u0007, half a pair \ud800, and words '.repeat(20),
      on: { 'a\nb': '__proto__x', '<script>': { actions: ']]>', description: '--> ' } },
    },
    __proto__x: { id: 'own id', on: { 'e/0': 'constructor', e: 'constructor' } },
    constructor: { type: 'final' as const },
  },
});

/** No state but itself. */
const lonely = createMachine({
  id: 'lonely',
  on: { PING: { actions: 'pong' }, AGAIN: { target: '#lonely', reenter: true } },
});

/** A transition of a compound state to itself, and from within to around. */
const wizard = createMachine({
  id: 'wizard',
  initial: 'steps',
  states: {
    steps: {
      initial: 'name',
      states: {
        name: { on: { NEXT: 'address' } },
        address: { on: { NEXT: '#wizard.sent', BACK: 'name', RESTART: '#wizard.steps' } },
      },
      on: { CLEAR: { target: 'steps', reenter: true }, FIRST: { target: '.name' } },
    },
    sent: { type: 'final' },
  },
});

export const machines: readonly AnyStateMachine[] = [
  ...[toggle, trafficLight, wordProcessor, player, fetcher, gate],
  ...[router, trip, assembly, hostile, lonely, wizard],
];
