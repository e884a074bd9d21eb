import { runNamedCommand } from '../../shop/process/run-named-command.ts';
import { checkCommand, releaseCommand } from './check-command.ts';
import { fuzzCommand } from './fuzz-command.ts';
import { proxyCommand } from './proxy-command.ts';

/* `npm run openapi -- NAME [flags]` */

await runNamedCommand({
  script: 'openapi',
  about: 'Checks the REST API against its own description.',
  commands: { check: checkCommand, release: releaseCommand, fuzz: fuzzCommand, proxy: proxyCommand },
});
