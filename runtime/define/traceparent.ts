/** https://www.w3.org/TR/trace-context/: version ff and ids of zeros are not valid. */
export function validTraceparent(value: string): string | undefined {
  const wellFormed = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
  return wellFormed.test(value) ? value : undefined;
}
