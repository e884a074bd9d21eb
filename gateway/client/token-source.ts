/**
 * A token, or a function that gives one. The function is asked once, and again with the token that the shop has refused. It may be
 * asked for several calls at once; they share its answer.
 */
export type Token = string | ((refused: string | undefined) => string | Promise<string>);

/** The token in use. */
export class TokenSource {
  readonly #ask: (refused: string | undefined) => Promise<string>;
  #current: Promise<string> | undefined;
  readonly canRenew: boolean;

  constructor(token: Token) {
    this.canRenew = typeof token === 'function';
    this.#ask = async (refused) => {
      const given = typeof token === 'string' ? token : await token(refused);
      // What else a header would say of it, it would say with the token.
      if (/^[\x21-\x7e]+$/.test(given)) return given;
      throw new TypeError('a token is printable characters without blanks');
    };
  }

  get(): Promise<string> {
    return this.#current ?? this.#asked(undefined);
  }

  /** Another one in place of a refused one, which several calls may find refused at once. */
  async renewed(refused: string): Promise<string> {
    const current = this.#current;
    if (current !== undefined && (await current) !== refused) return current;
    return this.#current === current ? this.#asked(refused) : this.get();
  }

  #asked(refused: string | undefined): Promise<string> {
    const asked = this.#ask(refused);
    this.#current = asked;
    // One that was not to be had is asked for again.
    asked.catch(() => {
      if (this.#current === asked) this.#current = undefined;
    });
    return asked;
  }
}
