import { expect } from 'chai';
import { parseDockerfile } from './parse-dockerfile.ts';

const parsed = (...lines: string[]) => parseDockerfile(['FROM node:20 AS build', ...lines].join('\n'));

describe('parsing a Dockerfile for a smoke test', () => {
  it('tells the stages apart, with their steps in order', () => {
    const stages = parsed(
      'WORKDIR /app',
      'COPY a b ./',
      'FROM scratch',
      'COPY --from=build --chown=1:2 /app /srv',
    );
    expect(stages.map(({ name, base }) => [name, base])).to.deep.equal([
      ['build', 'node:20'],
      [undefined, 'scratch'],
    ]);
    expect(stages[0]?.steps.map(({ kind, line }) => [kind, line])).to.deep.equal([
      ['workdir', 2],
      ['copy', 3],
    ]);
    expect(stages[1]?.steps[0]).to.deep.equal({
      ...{ kind: 'copy', line: 5, text: 'COPY /app /srv' },
      ...{ from: 'build', owner: '1:2', sources: ['/app'], target: '/srv' },
    });
  });

  it('joins the lines of a command', () => {
    expect(parsed('RUN one && \\', '    two')[0]?.steps[0]).to.include({
      kind: 'run',
      command: 'one &&     two',
    });
  });

  it('reads commands in the exec form', () => {
    const [stage] = parsed(
      'ENTRYPOINT ["node", "main.js"]',
      'HEALTHCHECK --interval=1s CMD ["node", "-e", "1 + 1"]',
    );
    expect(stage?.steps[0]).to.deep.include({ command: ['node', 'main.js'] });
    expect(stage?.steps[1]).to.deep.include({ command: ['node', '-e', '1 + 1'] });
  });

  for (const [line, why] of [
    ['ENTRYPOINT node main.js', 'is not in the exec form ["…"]'],
    ['HEALTHCHECK NONE', 'is not in the exec form ["…"]'],
    ['ADD a b', 'is not known to the smoke test'],
    ['RUN --mount=type=cache,target=/root npm ci', 'has --mount, which is not known to the smoke test'],
    ['COPY --link a b', 'has --link, which is not known to the smoke test'],
    ['WORKDIR $HOME', 'has $HOME, which is not plain'],
  ] as const) {
    it(`refuses what it could only skip: ${line}`, () => {
      const [keyword = ''] = line.split(' ');
      expect(() => parsed(line)).to.throw(`Dockerfile, line 2: ${keyword} ${why}.`);
    });
  }
});
