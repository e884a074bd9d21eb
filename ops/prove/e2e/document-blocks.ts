import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A block of code in a document. */
export interface Block {
  /** `README.md:44` */
  readonly place: string;
  readonly language: string;
  readonly code: string;
  /** The line of text above it. */
  readonly above: string;
}

const root = join(import.meta.dirname, '..', '..', '..');

export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  let open: { language: string; line: number; above: string; code: string[] } | undefined;
  let above = '';
  for (const [index, line] of readFileSync(join(root, document), 'utf8').split('\n').entries()) {
    if (open === undefined && line.startsWith('```')) {
      open = { language: line.slice(3), line: index + 1, above, code: [] };
    } else if (open !== undefined && line === '```') {
      const { language, code } = open;
      blocks.push({
        place: `${document}:${open.line}`,
        language,
        above: open.above,
        code: `${code.join('\n')}\n`,
      });
      open = undefined;
    } else if (open !== undefined) {
      open.code.push(line);
    } else if (line !== '') {
      above = line;
    }
  }
  return blocks;
}
