import { createMachine } from 'xstate';

/** What a module with machines may look like. */
export const door = createMachine({
  id: 'door',
  initial: 'shut',
  states: { shut: { on: { OPEN: 'open' } }, open: { on: { SHUT: 'shut' } } },
});
export const lamp = createMachine({ id: 'lamp' });
export const notAMachine = { states: {} };
