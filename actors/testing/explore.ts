/** Where a run may go one way or another. */
export interface Choices {
  /** One of the ways; the first is the ordinary one, each other a fault. `where` names the place in a message. */
  pick<T extends string>(where: string, ways: readonly [T, ...T[]]): T;
}

export interface Explored {
  readonly runs: number;
}

/**
 * Runs `run` for every combination of at most `maxFaults` faults, each run with choices of its own. `run` must be
 * deterministic but for its choices. A failure names the faults that led to it.
 */
export async function explore(
  maxFaults: number,
  run: (choices: Choices) => Promise<void>,
): Promise<Explored> {
  const prefixes: number[][] = [[]];
  let runs = 0;
  for (let prefix = prefixes.pop(); prefix !== undefined; prefix = prefixes.pop()) {
    const choices = new RecordedChoices((place) => prefix[place] ?? 0);
    await choices.during(run);
    runs += 1;
    const faults = prefix.filter((way) => way > 0).length;
    if (faults === maxFaults) continue;
    for (let place = prefix.length; place < choices.taken.length; place++) {
      const ways = choices.taken[place]!.ways;
      for (let way = 1; way < ways; way++) {
        prefixes.push([...prefix, ...Array<number>(place - prefix.length).fill(0), way]);
      }
    }
  }
  return { runs };
}

/** One run whose faults come with the given probability; `random` gives numbers from 0 to below 1. */
export async function wander(
  random: () => number,
  faultProbability: number,
  run: (choices: Choices) => Promise<void>,
): Promise<void> {
  const choices = new RecordedChoices((_place, ways) =>
    random() < faultProbability ? 1 + Math.floor(random() * (ways - 1)) : 0,
  );
  await choices.during(run);
}

class RecordedChoices implements Choices {
  readonly taken: { readonly ways: number; readonly fault: string | undefined }[] = [];
  readonly #choose: (place: number, ways: number) => number;

  constructor(choose: (place: number, ways: number) => number) {
    this.#choose = choose;
  }

  pick<T extends string>(where: string, ways: readonly [T, ...T[]]): T {
    const way = ways.length === 1 ? 0 : this.#choose(this.taken.length, ways.length);
    const taken = ways[way] ?? ways[0];
    this.taken.push({ ways: ways.length, fault: way === 0 ? undefined : `${where}: ${taken}` });
    return taken;
  }

  async during(run: (choices: Choices) => Promise<void>): Promise<void> {
    try {
      await run(this);
    } catch (error) {
      const faults = this.taken.flatMap(({ fault }) => fault ?? []);
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`with [${faults.join(' | ')}]: ${message}`, { cause: error });
    }
  }
}
