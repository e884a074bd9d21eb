import type { Attributes, Span } from '@opentelemetry/api';

/** A read of the state that a turn begins with, before it is known what the turn is about. */
export interface Load {
  readonly name: string;
  readonly attributes: Attributes;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** A turn under way. */
export interface OpenTurn {
  readonly begunAt: number;
  /** Of what it handles: they end with it, when all is written and answered. */
  readonly spans: Span[];
  load?: Load;
}

interface Addressed {
  readonly type: string;
  readonly key: string;
}

const idOf = ({ type, key }: Addressed) => `${type} ${key}`;

/** The turns of a node that are under way, of each actor one at most. */
export class OpenTurns {
  readonly #turns = new Map<string, OpenTurn>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** That of an actor, which begins with the first that is known of it. */
  of(actor: Addressed): OpenTurn {
    const id = idOf(actor);
    let turn = this.#turns.get(id);
    if (turn === undefined) {
      turn = { begunAt: this.#now(), spans: [] };
      this.#turns.set(id, turn);
    }
    return turn;
  }

  /** What is recorded of what an actor's turn handles. */
  recorded(actor: Addressed): readonly Span[] {
    return this.#turns.get(idOf(actor))?.spans.filter((span) => span.isRecording()) ?? [];
  }

  end(actor: Addressed): OpenTurn | undefined {
    const id = idOf(actor);
    const turn = this.#turns.get(id);
    this.#turns.delete(id);
    return turn;
  }
}
