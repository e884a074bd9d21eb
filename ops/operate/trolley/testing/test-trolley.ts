import { ActorError, systemClock, type ActorCluster } from '@trolley/runtime';
import type { EventLog } from '@trolley/runtime/events';
import type { PostgresPool } from '@trolley/runtime/postgres';
import { createProgress } from '../../../shop/process/progress.ts';
import { isUsageProblem } from '../../../shop/process/start-problem.ts';
import { runTrolley } from '../run-trolley.ts';
import type { Around, OperatorAction } from '../verb.ts';

interface Answer {
  readonly command: string;
  readonly at: number;
  readonly items: readonly Readonly<Record<string, unknown>>[];
  readonly cursor?: string;
  readonly isPartial?: boolean;
}

export interface TestTrolleyParts {
  readonly cluster?: ActorCluster;
  readonly postgres?: PostgresPool;
  readonly log?: EventLog;
}

/** The command in this process, and what came of it. */
export class TestTrolley {
  /** Of standard output. */
  lines: string[] = [];
  /** To people, on standard error. */
  said: string[] = [];
  audited: OperatorAction[] = [];
  asked: string[] = [];
  agrees = true;
  /** The target that no action is done to. */
  refuses: string | undefined;
  isTTY = false;
  width = 80;
  cleared = 0;
  /** Called after each thing that is printed. */
  onPrinted: () => void = () => undefined;
  readonly watched = new AbortController();
  readonly #parts: TestTrolleyParts;

  constructor(parts: TestTrolleyParts) {
    this.#parts = parts;
  }

  run(words: string): Promise<number> {
    return this.runWords(words.split(' '));
  }

  runWords(words: readonly string[]): Promise<number> {
    const { isTTY, width, watched } = this;
    const screen = {
      ...{ isTTY, width },
      write: (text: string) => {
        this.lines.push(...text.replace(/\n$/, '').split('\n'));
        this.onPrinted();
      },
      clear: () => {
        this.cleared++;
      },
    };
    return runTrolley(words, { screen, around: this.#around(), signal: watched.signal });
  }

  /** What it prints for programs. */
  async json(words: string): Promise<Answer> {
    this.lines = [];
    await this.run(`${words} --json`);
    if (this.lines.length !== 1) throw new Error(`${this.lines.length} lines: ${this.lines.join()}`);
    return JSON.parse(this.lines.join()) as Answer;
  }

  /** Why it was called wrongly. */
  async problem(words: string): Promise<string> {
    try {
      return `ended with ${await this.run(words)}`;
    } catch (error) {
      if (!isUsageProblem(error)) throw error;
      return error.message;
    }
  }

  #around(): Around {
    const part = <T>(found: T | undefined, name: string) => {
      if (found === undefined) throw new ActorError('unavailable', `${name} is away`);
      return found;
    };
    const { cluster, postgres, log } = this.#parts;
    return {
      cluster: async () => part(cluster, 'Redis'),
      postgres: async () => part(postgres, 'PostgreSQL'),
      log: async () => part(log, 'the event log'),
      progress: createProgress({ write: (line) => this.said.push(line.trimEnd()) }),
      clock: systemClock,
      confirm: async (question) => {
        this.asked.push(question);
        return this.agrees;
      },
      audited: async (action, perform) => {
        if (action.target === this.refuses) throw new ActorError('unavailable', 'refused');
        this.audited.push(action);
        return perform();
      },
    };
  }
}

export const openTestTrolley = (parts: TestTrolleyParts = {}) => new TestTrolley(parts);
