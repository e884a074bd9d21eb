import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { OpenApiDocument } from '../../../gateway/openapi/openapi-document.ts';
import { readEnvironment } from '../../shop/environment.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';
import { removeTemporaryFolder, temporaryFolder } from '../../shop/process/temporary-folder.ts';
import { findGoProgram } from '../servers/go-program.ts';

const run = promisify(execFile);
const deadlineMs = 60_000;

export const findOasdiff = (say: (line: string) => void): Promise<string> =>
  findGoProgram(
    { name: 'oasdiff', package: 'github.com/oasdiff/oasdiff', version: 'v1.37.0', program: 'oasdiff' },
    readEnvironment()['PATH'] ?? '',
    say,
  );

/**
 * What in `revised` would break a client that was written for `base`, a line each, by oasdiff.
 *
 * @throws StartProblem with its message when it can't compare them
 */
export async function breakingChanges(
  oasdiff: string,
  base: OpenApiDocument,
  revised: OpenApiDocument,
): Promise<string[]> {
  const folder = temporaryFolder('oasdiff');
  try {
    const files = [join(folder, 'released'), join(folder, 'present')] as const;
    for (const [i, document] of [base, revised].entries())
      writeFileSync(files[i] ?? '', JSON.stringify(withOpenCodes(document)));
    const flags = ['--fail-on', 'WARN', '--format', 'singleline', '--color', 'never'];
    await run(oasdiff, ['breaking', ...files, ...flags], { env: {}, timeout: deadlineMs });
    return [];
  } catch (cause) {
    const { code, stdout = '', stderr = '' } = cause as { code?: number; stdout?: string; stderr?: string };
    if (code !== 1)
      throw new StartProblem(`oasdiff could not compare them: ${stderr || String(cause)}`, { cause });
    const lines = stdout.split('\n').filter((line) => /^(error|warning) at /.test(line));
    return lines.map((line) => line.replace(/ at \S+released,/, ':').replace(/ at \S+present,/, ':'));
  } finally {
    removeTemporaryFolder(folder);
  }
}

/** Without the list of error codes: a client takes an unknown code for what its status says, so a new one breaks none. */
function withOpenCodes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOpenCodes);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([name, member]) => [name, withOpenCodes(member)] as const);
  const copy = Object.fromEntries(members) as { properties?: Record<string, unknown> };
  const { properties } = copy;
  if (properties !== undefined && 'request_id' in properties && 'code' in properties)
    return { ...copy, properties: { ...properties, code: { type: 'string' } } };
  return copy;
}
