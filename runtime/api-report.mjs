import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import ts from 'typescript';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import './build.mjs';

/*
 * The public API as text, an `api/*.api.md` per entry point, so that a change of it is seen in review.
 * `npm run api` writes them, `npm run api:check` fails where they are not what the code says. Both fail where a
 * signature names a type that no entry point exports: nobody could name it.
 */

const here = import.meta.dirname;
const isCheck = process.argv.includes('--check');
const { exports } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const reports = join(here, 'api');
mkdirSync(reports, { recursive: true });

const entries = Object.entries(exports).filter(([, target]) => typeof target === 'object');
const exported = namesOf(entries.map(([, { types }]) => join(here, types)));
const forgotten = new Set();

const changed = entries
  .filter(
    ([entry, { types }]) => !isSame(entry === '.' ? 'runtime' : entry.slice(2).replaceAll('/', '-'), types),
  )
  .map(([entry]) => entry);
if (isCheck && changed.length > 0) {
  process.stderr.write(
    `The public API of ${changed.join(', ')} is not what runtime/api says. Run: npm run api, and commit it.\n`,
  );
  process.exitCode = 1;
}
if (forgotten.size > 0) {
  process.stderr.write(`No entry point exports what these say:\n${[...forgotten].join('\n')}\n`);
  process.exitCode = 1;
}

/** What all entry points export together. The extractor knows one at a time, and forgets the others. */
function namesOf(files) {
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  });
  const checker = program.getTypeChecker();
  const modules = files.map((file) => checker.getSymbolAtLocation(program.getSourceFile(file)));
  return new Set(modules.flatMap((each) => checker.getExportsOfModule(each)).map(({ name }) => name));
}

/** The sentence of a message about a type that cannot be imported from anywhere. */
function forgottenIn({ messageId, text, sourceFilePath }) {
  if (messageId !== 'ae-forgotten-export') return undefined;
  // Where two have one name, the extractor counts them.
  const [, name] = /"(\w+?)(?:_\d+)?"/.exec(text);
  return exported.has(name) ? undefined : `${name}, in ${sourceFilePath}`;
}

function isSame(name, types) {
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: join(here, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: here,
      mainEntryPointFilePath: join(here, types),
      compiler: { tsconfigFilePath: join(here, 'tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: reports,
        reportTempFolder: join(here, 'dist/api'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: 'none' } },
        extractorMessageReporting: {
          default: { logLevel: 'none' },
          'ae-forgotten-export': { logLevel: 'error', addToApiReportFile: false },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: !isCheck,
    messageCallback(message) {
      message.handled = true;
      const sentence = forgottenIn(message);
      if (sentence !== undefined) forgotten.add(sentence);
    },
  });
  return !apiReportChanged;
}
