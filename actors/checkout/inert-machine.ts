import {
  createEmptyActor,
  type ActorScope,
  type AnyStateMachine,
  type EventFromLogic,
  type InputFrom,
  type SnapshotFrom,
} from 'xstate';

/** An action as the machine wants it performed. */
export interface WantedAction {
  readonly type: string;
  readonly params: unknown;
}

export type Stepped<M extends AnyStateMachine> = readonly [SnapshotFrom<M>, readonly WantedAction[]];

/** A machine as the pure function that it is. */
export interface InertMachine<M extends AnyStateMachine> {
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
    begin: (given) => stepped(() => machine.getInitialSnapshot(scope, given)),
    next: (snapshot, event) => stepped(() => machine.transition(snapshot, event, scope)),
  };
}
