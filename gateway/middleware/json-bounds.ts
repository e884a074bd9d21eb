/** So many values are more than any request has, and little work; of a megabyte there could be half a million. */
export const maxValues = 1_000;
export const maxDepth = 32;
/** What is no longer can't hold so many that it would matter. */
const alwaysFits = 4_096;

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Whether JSON, or what is sent as such, has no more values than are parsed and looked at in a moment. A look at its
 * bytes takes a millisecond for a megabyte; its half a million lists within each other take hundreds.
 */
export function isWithinBounds(bytes: Uint8Array): boolean {
  if (bytes.length <= alwaysFits) return true;
  let [values, depth, inText] = [0, 0, false];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === comma) values += 1;
    else if (byte === openList || byte === openObject) {
      values += 1;
      depth += 1;
    } else if (byte === closeList || byte === closeObject) depth -= 1;
    if (values > maxValues || depth > maxDepth) return false;
  }
  return true;
}
