import type { NamedCommand } from '../../shop/process/run-named-command.ts';
import { exitCodes, runCommand } from '../../shop/process/run-command.ts';
import { breakingChanges, findOasdiff } from './breaking-changes.ts';
import { isSameApi, presentApi, release, releasedApi } from './released-api.ts';

export const checkCommand: NamedCommand = {
  summary: 'whether the API still is what the clients of the last release know',
  run: (args) =>
    runCommand({
      args,
      help: `npm run openapi -- check

Compares what a gateway of this checkout says of itself with gateway/openapi/released.json, the description of
the last release. Fails where a client of that release would break. Where both are the same, nothing else is
needed; else oasdiff compares them, which is built with Go once.
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
  summary: 'takes the API as it is now for that of the last release',
  run: (args) =>
    runCommand({
      args,
      help: `npm run openapi -- release

Writes gateway/openapi/released.json, which later changes are compared with. It belongs to a release.
`,
      options: {},
      async run() {
        release(await presentApi());
        return exitCodes.done;
      },
    }),
};
