import {
  createEmptyActor,
  type ActorScope,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ContextFrom,
  type EventFromLogic,
  type InputFrom,
  type SnapshotFrom,
  type StateValue,
} from 'xstate';

/** An action as the machine wants it performed. */
export interface WantedAction {
  readonly type: string;
  readonly params: unknown;
}

export type Stepped<M extends AnyStateMachine> = readonly [SnapshotFrom<M>, readonly WantedAction[]];

/** A machine as the pure function that it is. */
export interface InertMachine<M extends AnyStateMachine> {
  /** The snapshot of a state value and a context that were stored. */
  restore(value: StateValue, context: ContextFrom<M>): SnapshotFrom<M>;
  begin(input: InputFrom<M>): Stepped<M>;
  next(snapshot: SnapshotFrom<M>, event: EventFromLogic<M>): Stepped<M>;
}

/**
 * Does what xstate's `initialTransition` and `transition` do, which make an actor for each step: they begin the machine
 * anew every time. Here one inert actor serves all steps, of all sagas. For machines that spawn and invoke nothing.
 */
export function inertMachine<M extends AnyStateMachine>(machine: M): InertMachine<M> {
  const self = createEmptyActor();
  let wanted: WantedAction[] = [];
  const nothing = () => undefined;
  /** By state value: all of a snapshot but its context. A machine has only so many. */
  const resolved = new Map<string, AnyMachineSnapshot>();
  const scope: ActorScope<SnapshotFrom<M>, EventFromLogic<M>> = {
    self: self as never,
    system: self.system,
    id: '',
    sessionId: '',
    logger: nothing,
    defer: nothing,
    stopChild: nothing,
    emit: nothing,
    actionExecutor: (action) => wanted.push(action),
  };
  const stepped = (step: () => unknown): Stepped<M> => {
    wanted = [];
    const snapshot = step() as SnapshotFrom<M>;
    return [snapshot, wanted];
  };
  return {
    restore(value, context) {
      const name = typeof value === 'string' ? value : JSON.stringify(value);
      let known = resolved.get(name);
      if (known === undefined) resolved.set(name, (known = machine.resolveState({ value, context })));
      return { ...known, context } as SnapshotFrom<M>;
    },
    begin: (given) => stepped(() => machine.getInitialSnapshot(scope, given)),
    next: (snapshot, event) => stepped(() => machine.transition(snapshot, event, scope)),
  };
}
