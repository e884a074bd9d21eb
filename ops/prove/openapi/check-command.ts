import type { NamedCommand } from '../../shop/process/run-named-command.ts';
import { exitCodes, runCommand } from '../../shop/process/run-command.ts';
import { breakingChanges, findOasdiff } from './breaking-changes.ts';
import { isSameApi, presentApi, release, releasedApi } from './released-api.ts';

export const checkCommand: NamedCommand = {
  summary: 'whether clients of the last release would break',
  run: (args) =>
    runCommand({
      args,
      help: `npm run openapi -- check

Compares the API of this checkout with gateway/openapi/released.json, that of the last release. Ends with 1 when a
client of that release would break. Where both differ, oasdiff compares them; it is built with Go, once.
`,
      options: {},
      async run(_, progress) {
        const [released, present] = [releasedApi(), await presentApi()];
        if (isSameApi(released, present)) return exitCodes.done;
        const oasdiff = await findOasdiff((line) => progress.say(line));
        const broken = await breakingChanges(oasdiff, released, present);
        for (const line of broken) progress.fail(line);
        if (broken.length === 0) return exitCodes.done;
        progress.fail(
          'That breaks clients of the last release. Add instead of changing, or mark it deprecated and take it away with the next major version.',
        );
        return exitCodes.failed;
      },
    }),
};

export const releaseCommand: NamedCommand = {
  summary: 'makes the present API that of the last release',
  run: (args) =>
    runCommand({
      args,
      help: `npm run openapi -- release

Writes the API of this checkout to gateway/openapi/released.json, which later changes are compared with. A step of
a release.
`,
      options: {},
      async run() {
        release(await presentApi());
        return exitCodes.done;
      },
    }),
};
