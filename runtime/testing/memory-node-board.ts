import type { ContractReport } from '../inspect/contract-report.ts';
import { stepsKept, type NodeBoard, type NodePost, type ShardStep } from '../inspect/node-board.ts';
import type { NodeDetails } from '../inspect/node-report.ts';
import type { Clock } from '../define/clock.ts';

/** What nodes posted, in this process's memory. */
export class MemoryNodeBoard implements NodeBoard {
  readonly #clock: Clock;
  readonly #posts = new Map<string, { readonly post: NodePost; readonly until: number }>();
  #steps: ShardStep[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async post(node: string, post: NodePost, ttlMs: number): Promise<void> {
    this.#posts.set(node, { post: structuredClone(post), until: this.#clock.monotonic() + ttlMs });
    this.#keep(post.steps);
  }

  async remove(node: string, steps: readonly ShardStep[]): Promise<void> {
    this.#posts.delete(node);
    this.#keep(steps);
  }

  async details(nodes: readonly string[]): Promise<(NodeDetails | undefined)[]> {
    return nodes.map((node) => this.#of(node)?.details);
  }

  async contracts(nodes: readonly string[]): Promise<(readonly ContractReport[])[]> {
    const lists = nodes.flatMap((node) => {
      const post = this.#of(node);
      return post === undefined ? [] : [JSON.stringify(post.contracts)];
    });
    return [...new Set(lists)].map((list) => JSON.parse(list) as readonly ContractReport[]);
  }

  async steps(limit: number): Promise<ShardStep[]> {
    return this.#steps.slice(-limit).reverse();
  }

  #of(node: string): NodePost | undefined {
    const posted = this.#posts.get(node);
    return posted !== undefined && posted.until > this.#clock.monotonic() ? posted.post : undefined;
  }

  #keep(steps: readonly ShardStep[]): void {
    this.#steps = [...this.#steps, ...steps].slice(-stepsKept);
  }
}
