/** Which sources are compiled, and into which folder; paths are from the root of the repository. */
export interface Compiled {
  readonly into: string;
  readonly rooms: readonly string[];
  readonly leftOut: RegExp;
  /** Files of its own, by path. */
  readonly beside?: Readonly<Record<string, string>>;
}
export declare const withProofs: Compiled;
export declare function compile(root: string, what?: Compiled): Promise<boolean>;
