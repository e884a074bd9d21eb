/**
 * What takes something away that a program of the version before may still use, or asks more of what it writes. It
 * looks for words and not for meaning: a change of data that breaks an older program is not seen. Without an index a
 * program is slower, not wrong.
 */
const contractions: readonly RegExp[] = [
  /\bDROP\s+(?!NOT\s+NULL\b|EXPRESSION\b|INDEX\b)\w+/i,
  /\bRENAME\b/i,
  /\bSET\s+NOT\s+NULL\b/i,
  /\bALTER\s+(COLUMN\s+)?\S+\s+(SET\s+DATA\s+)?TYPE\b/i,
  /\bADD\s+(CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE)\b/i,
  /\bADD\s+(COLUMN\s+)?(?![^,;]*\bDEFAULT\b)[^,;]*\bNOT\s+NULL\b/i,
  /\bTRUNCATE\b/i,
  /\bDELETE\s+FROM\b/i,
];

const marker = /^-- contract: \S.*$/m;

/** Whether a migration says of itself that no running program needs what it takes away. */
export const isMarkedContraction = (sql: string): boolean => marker.test(sql);

/** The first words in a migration that take something away; undefined: it only adds. */
export function contractionIn(sql: string): string | undefined {
  const statements = sql
    .replace(/--.*$/gm, '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(\$\w*\$)[\s\S]*?\1/g, "''")
    .replace(/'(?:[^']|'')*'/g, "''");
  for (const contraction of contractions) {
    const found = contraction.exec(statements)?.[0];
    if (found !== undefined) return found.replace(/\s+/g, ' ');
  }
  return undefined;
}
