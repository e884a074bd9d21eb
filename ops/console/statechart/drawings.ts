import { createHash } from 'node:crypto';
import { drawStatechart, type DrawOptions } from './draw-statechart.ts';
import type { Statechart } from './statechart.ts';

export interface Drawing {
  readonly svg: string;
  /** Of the chart and how it is drawn: an entity tag. */
  readonly hash: string;
}

export interface DrawingsOptions extends DrawOptions {
  /** How many are kept. Default: 50. */
  readonly limit?: number;
}

/**
 * Draws each version of a machine once. A version is told by all that the chart says, not by its number alone, which
 * stays while somebody works at it.
 */
export class Drawings {
  /** Used last, last. */
  readonly #drawn = new Map<string, Promise<Drawing>>();
  readonly #limit: number;
  readonly #options: DrawOptions;

  constructor({ limit = 50, ...options }: DrawingsOptions = {}) {
    this.#limit = limit;
    this.#options = options;
  }

  async draw(chart: Statechart, options: DrawOptions = {}): Promise<Drawing> {
    const how = { ...this.#options, ...options };
    const hash = createHash('sha256')
      .update(JSON.stringify([chart, how]))
      .digest('base64url');
    const known = this.#drawn.get(hash);
    this.#drawn.delete(hash);
    const drawing = known ?? drawStatechart(chart, how).then((svg) => ({ svg, hash }));
    this.#drawn.set(hash, drawing);
    for (const oldest of this.#drawn.keys()) {
      if (this.#drawn.size <= this.#limit) break;
      this.#drawn.delete(oldest);
    }
    // What failed is tried anew.
    drawing.catch(() => this.#drawn.delete(hash));
    return drawing;
  }
}
