import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import './build.mjs';

/*
 * The public API as text, an `api/*.api.md` per entry point, so that a change of it is seen in review.
 * `npm run api` writes them, `npm run api:check` fails where they are not what the code says.
 */

const here = import.meta.dirname;
const isCheck = process.argv.includes('--check');
const { exports } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const reports = join(here, 'api');
mkdirSync(reports, { recursive: true });

const changed = Object.entries(exports)
  .filter(([, target]) => typeof target === 'object')
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
          'ae-forgotten-export': { logLevel: 'none', addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' } },
      },
    },
  });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: !isCheck,
    messageCallback: (message) => (message.handled = true),
  });
  return !apiReportChanged;
}
