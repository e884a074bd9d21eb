/** An event as a reader has it. */
export interface ReadEvent {
  readonly event: string;
  /** The last id that was sent, with this event or before. */
  readonly id: string;
  readonly data: unknown;
}

/** What a stream of server-sent events says, block by block, as the WHATWG's standard has it. */
export class EventReading {
  readonly events: ReadEvent[] = [];
  /** Comments and blocks without data: signs of life. */
  beats = 0;
  lastId = '';
  retryMs: number | undefined;
  #rest = '';

  take(text: string): void {
    this.#rest += text;
    const blocks = this.#rest.split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) this.#block(block.split('\n'));
  }

  #block(lines: readonly string[]): void {
    const fields = new Map<string, string>();
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon < 0) throw new Error(`not a line of an event: ${line}`);
      if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
    }
    this.lastId = fields.get('id') ?? this.lastId;
    const [retry, data] = [fields.get('retry'), fields.get('data')];
    if (retry !== undefined) this.retryMs = Number(retry);
    else if (data === undefined) this.beats += 1;
    else
      this.events.push({ event: fields.get('event') ?? 'message', id: this.lastId, data: JSON.parse(data) });
  }
}

/** Reads the events of an answer until `isEnough`, or to its end. */
export async function readEvents(
  answer: Response,
  isEnough: (reading: EventReading) => boolean = () => false,
): Promise<EventReading> {
  const reading = new EventReading();
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader !== undefined && !isEnough(reading)) {
    const { done, value } = await reader.read();
    if (done) break;
    reading.take(value);
  }
  if (isEnough(reading)) await reader?.cancel();
  return reading;
}
