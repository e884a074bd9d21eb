import type { AskedQuestion, NodeQuestions, QuestionInbox } from '../inspect/question.ts';

/** Questions within one process; they cross as JSON, as they would between two. */
export class MemoryQuestions implements NodeQuestions {
  readonly #listeners = new Map<string, (asked: AskedQuestion) => void>();

  async send(node: string, asked: AskedQuestion): Promise<void> {
    this.#listeners.get(node)?.(JSON.parse(JSON.stringify(asked)) as AskedQuestion);
  }

  open(node: string, listener: (asked: AskedQuestion) => void): QuestionInbox {
    this.#listeners.set(node, listener);
    return {
      close: async () => {
        this.#listeners.delete(node);
      },
    };
  }
}
