const found: Error[] = [];

/** Keeps an answer of a gateway that is another than its description says: who asked may take it for an outage, and ask again. */
export function noteUndocumented(problem: Error): void {
  found.push(problem);
}

/** @throws Error for the first that was kept since the last look */
export function expectAllDocumented(): void {
  const [first] = found.splice(0);
  if (first !== undefined) throw first;
}
