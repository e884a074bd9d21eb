import { aligned, byTabs } from './table.ts';
import type { Outcome } from './verb.ts';

/** Where what was found goes. */
export interface Screen {
  /** A person looks at it. */
  readonly isTTY: boolean;
  /** Columns of it. */
  readonly width: number;
  write(text: string): void;
  /** Begins again at its top. */
  clear(): void;
}

export function openScreen(stream: NodeJS.WriteStream): Screen {
  return {
    isTTY: stream.isTTY,
    get width() {
      // Some terminals do not tell.
      return stream.isTTY && stream.columns > 0 ? stream.columns : Infinity;
    },
    write: (text) => void stream.write(text),
    clear: () => void stream.write('\u001B[H\u001B[2J\u001B[3J'),
  };
}

/** For people, or by tabs for what reads a pipe. */
export function write({ table, text }: Outcome, screen: Screen): void {
  const lines = table === undefined ? [] : screen.isTTY ? aligned(table, screen.width) : byTabs(table);
  const all = [...(text === undefined ? [] : [text]), ...lines];
  if (all.length > 0) screen.write(`${all.join('\n')}\n`);
}
