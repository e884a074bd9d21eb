import { expect } from 'chai';

/*
 * The wire, byte by byte. The vectors are written from the field numbers of the contract, not from the
 * generated code, so that a changed number or type fails here whatever the generator does.
 *
 * A field starts with number << 3 | kind, the kind being 0 varint, 1 eight bytes, 2 length and bytes:
 *   number   1   2   3   4   5   6   7   8   9  10
 *   varint  08  10  18  20  28  30  38  40  48  50
 *   double  09  11  19  21
 *   length  0a  12  1a  22  2a  32  3a  42  4a  52
 */

interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
}

export interface Vector {
  readonly name: string;
  check(): void;
}

/** `lines` are hex bytes; what follows `//` in a line is for the reader. */
export function bytesOf(lines: string): Uint8Array {
  const digits = lines.replace(/\/\/.*$/gm, '').replace(/\s+/g, '');
  return Uint8Array.from(Buffer.from(digits, 'hex'));
}

export function vector<T>(name: string, codec: Codec<T>, message: T, lines: string): Vector {
  const wanted = bytesOf(lines);
  return {
    name,
    check() {
      const written = codec.encode(message).finish();
      expect(Buffer.from(written).toString('hex'), `${name} encoded`).to.equal(
        Buffer.from(wanted).toString('hex'),
      );
      expect(codec.decode(wanted), `${name} decoded`).to.deep.equal(message);
    },
  };
}
