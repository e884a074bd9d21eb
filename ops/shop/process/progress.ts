/** Where lines for people go; standard error in `npm start`, so that standard output holds only logs. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** What a start tells a person while it happens. */
export interface Progress {
  /** `✓ Redis 7.0.15 on 127.0.0.1:41233 (0.05 s)` */
  done(what: string, tookMs?: number): void;
  /** A line of its own weight. */
  say(line: string): void;
  warn(line: string): void;
  fail(line: string): void;
}

const colours = { green: 32, yellow: 33, red: 31, grey: 90 };

export function createProgress(terminal: Terminal): Progress {
  const paint = (colour: keyof typeof colours, text: string) =>
    terminal.isTTY === true ? `\u001B[${colours[colour]}m${text}\u001B[0m` : text;
  const line = (text: string) => void terminal.write(`${text}\n`);
  return {
    done(what, tookMs) {
      const took = tookMs === undefined ? '' : ` ${paint('grey', `(${(tookMs / 1000).toFixed(2)} s)`)}`;
      line(`${paint('green', '✓')} ${what}${took}`);
    },
    say: line,
    warn: (text) => line(`${paint('yellow', '!')} ${text}`),
    fail: (text) => line(`${paint('red', '✗')} ${text}`),
  };
}
