import { execFileSync, spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { MemoryEventLog } from '@trolley/runtime/events';
import { checkoutTopic } from '../../../actors/checkout/checkout-completed.ts';
import { openTestTrolley, type TestTrolley } from './testing/test-trolley.ts';
import { aligned, byTabs, spanOf, tableOf } from './table.ts';
import { verbs } from './verbs.ts';

describe('npm run trolley', () => {
  let log: MemoryEventLog;
  let trolley: TestTrolley;
  beforeEach(() => {
    log = new MemoryEventLog();
    trolley = openTestTrolley({ log });
  });
  const append = (id: string) =>
    log.append(checkoutTopic, [{ id, key: '7', type: 'CheckoutCompleted', value: '{}', headers: {} }]);

  it('lists its verbs, each with a help of its own that names every flag', async () => {
    expect(await trolley.run('--help')).to.equal(0);
    const overview = trolley.lines.join('\n');
    for (const { name, summary, flags = {}, isReport } of verbs) {
      expect(overview).to.include(`  ${name}`).and.to.include(summary);
      trolley.lines = [];
      expect(await trolley.run(`${name} --help`)).to.equal(0);
      const help = trolley.lines.join('\n');
      expect(help).to.match(new RegExp(`^npm run trolley -- ${name}`));
      for (const flag of [...Object.keys(flags), 'json', ...(isReport ? ['watch'] : [])])
        expect(help, name).to.include(`  --${flag}`);
    }
  });

  it('says what is meant, where it can tell', async () => {
    for (const [words, sentence] of [
      ['evnets', /^There is no 'evnets'. Is events meant\? See --help\.$/],
      ['dead replya', /^There is no 'dead replya'. Is dead replay meant\? See --help\.$/],
      ['events dead shwo', /Is events dead show meant\?/],
      ['dead cart', /^There is no 'dead cart'. See --help\.$/],
      ['toString', /^There is no 'toString'/],
      ['--json dead', /^There is no '--json'/],
      ['events --jsno', /Unknown option '--jsno'. Is --json meant\?/],
      ['events --user', /--user/],
      ['events show 1 2', /^Unexpected word '2'/],
      ['events --watch 0', /--watch goes with a number of seconds, 0.5 to 3600, not 0\./],
      ['events dead replay --watch 2', /Unknown option '--watch'/],
      ['completion', /Say for which shell/],
      ['completion csh', /bash, zsh and fish, not for csh/],
    ] as const) {
      expect(await trolley.problem(words), words).to.match(sentence);
    }
  });

  it('says what is away', async () => {
    const failed = await trolley.run('outbox').catch((error: unknown) => String(error));
    expect(failed).to.match(/PostgreSQL is away/);
  });

  it('prints titles and aligned columns in a terminal, tabs elsewhere, and one line for programs', async () => {
    await append('first');
    await trolley.run('events');
    expect(trolley.lines[0]?.split('\t').slice(1, 4)).to.deep.equal(['CheckoutCompleted', '7', 'first']);
    trolley.lines = [];
    trolley.isTTY = true;
    await trolley.run('events');
    expect(trolley.lines[0]).to.match(/^AT {2,}TYPE {2,}USER {2,}ID {2,}/);
    expect(trolley.lines.every((line) => line.length <= 80)).to.equal(true);
    const { command, at, items } = await trolley.json('events');
    expect(command).to.equal('events');
    expect(at).to.be.closeTo(Date.now(), 3_600_000);
    expect(items[0]).to.include({ id: 'first', key: '7', value: '{}' });
  });

  it('keeps its exit code with --json', async () => {
    expect(await trolley.run('events show nothing --json')).to.equal(1);
    expect(trolley.lines.join()).to.match(/"items":\[\]/);
    expect(trolley.said).to.deep.equal(['There is no event nothing']);
  });

  describe('watching', () => {
    /** Ends it after so many times. */
    async function watch(words: string, rounds: number): Promise<number> {
      trolley.onPrinted = () => {
        if (--rounds === 0) trolley.watched.abort();
      };
      return trolley.run(words);
    }

    it('looks again until it is ended, and ends well', async () => {
      await append('first');
      expect(await watch('events --watch 0.5 --json', 2)).to.equal(0);
      expect(trolley.lines).to.have.length(2);
      for (const line of trolley.lines) expect(JSON.parse(line)).to.have.property('command', 'events');
      expect(trolley.cleared).to.equal(0);
    });

    it('draws over what was there in a terminal', async () => {
      await append('first');
      trolley.isTTY = true;
      expect(await watch('events --watch', 1)).to.equal(0);
      expect(trolley.cleared).to.equal(1);
    });

    it('goes on after an outage, but does not begin with one', async () => {
      await append('first');
      const read = log.read.bind(log);
      let looks = 0;
      log.read = (...query) => {
        const isAway = ++looks === 2;
        return isAway
          ? Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
          : read(...query);
      };
      expect(await watch('events --watch 0.5', 2)).to.equal(0);
      expect(trolley.said.join()).to.match(/✗ .*refused/);
      const away = openTestTrolley({});
      const failed = await away.run('events --watch 0.5').then(String, (error: unknown) => String(error));
      expect(failed).to.match(/the event log is away/);
    });
  });

  describe('completion', () => {
    /** What each shell is told to say for the last word of a line. */
    const asking = {
      bash: (words: readonly string[]) =>
        `COMP_WORDS=(${quoted(words)}); COMP_CWORD=${words.length - 1}; _trolley; printf '%s\\n' "\${COMPREPLY[@]}"`,
      // What fits the beginning of a word, compadd would find itself.
      zsh: (words: readonly string[]) =>
        `words=(${quoted(words)}); CURRENT=${words.length}; _trolley | grep -e '^${words.at(-1) ?? ''}'; :`,
      fish: (words: readonly string[]) => `complete -C '${words.join(' ')}' | cut -f1`,
    };
    const before = { bash: '', fish: '', zsh: 'compdef() { : }; compadd() { print -l -- "${(@P)2}" }' };
    const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ');
    const isThere = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

    async function offered(shell: keyof typeof asking, ...typed: string[]): Promise<string[]> {
      trolley.lines = [];
      await trolley.run(`completion ${shell}`);
      const script = [before[shell], ...trolley.lines, asking[shell](['trolley', ...typed])].join('\n');
      const said = execFileSync(shell, ['-c', script], { encoding: 'utf8' }).trim().split('\n');
      return said.filter((word) => word !== '');
    }

    // A shell that is not on this machine completes nothing here.
    for (const shell of (['bash', 'zsh', 'fish'] as const).filter(isThere)) {
      it(`offers verbs, what follows them, and their flags in ${shell}`, async () => {
        expect(await offered(shell, '')).to.include.members(['events', 'dead', 'outbox', 'completion']);
        expect(await offered(shell, 'ev')).to.deep.equal(['events']);
        expect(await offered(shell, 'dead', 're')).to.deep.equal(['replay']);
        expect(await offered(shell, 'events', 'dead', '')).to.include.members(['show', 'replay', 'discard']);
        expect(await offered(shell, 'events', 'dead', '')).not.to.include.members(['nodes']);
        expect(await offered(shell, 'events', 'dead', '--rea')).to.deep.equal(['--reason']);
        expect(await offered(shell, 'events', 'dead', 'replay', '--d')).to.deep.equal(['--dry-run']);
        expect(await offered(shell, 'events', '--w')).to.deep.equal(['--watch']);
        expect((await offered(shell, 'sagas', 'list', '--order', '')).sort()).to.deep.equal([
          'newest',
          'oldest',
        ]);
      });
    }

    it('offers no flag of another verb', async () => {
      expect(await offered('bash', 'events', 'dead', 'replay', '--w')).to.deep.equal([]);
    });

    it('has a script for each shell, that names each verb', async () => {
      for (const shell of ['bash', 'zsh', 'fish']) {
        trolley.lines = [];
        expect(await trolley.run(`completion ${shell}`)).to.equal(0);
        const script = trolley.lines.join('\n');
        for (const { name } of verbs) expect(script, shell).to.include(name);
      }
    });
  });
});

describe('a table', () => {
  it('is aligned, numbers to the right, and no wider than the terminal', () => {
    const table = tableOf(
      [
        { name: 'a', count: 5 },
        { name: 'long', count: 1_000 },
      ],
      { NAME: ({ name }) => name, COUNT: ({ count }) => count, NOTHING: () => undefined },
    );
    expect(aligned(table)).to.deep.equal([
      'NAME  COUNT  NOTHING',
      'a         5        -',
      'long   1000        -',
    ]);
    expect(aligned(table, 8)).to.deep.equal(['NAME  C…', 'a      …', 'long   …']);
    expect(byTabs(table)).to.deep.equal(['a\t5\t-', 'long\t1000\t-']);
  });

  it('tells spans in the unit that fits', () => {
    const spans = [0, 99_400, 100_000, 7_200_000, 200_000_000].map((ms) => spanOf(ms));
    expect(spans).to.deep.equal(['0 s', '99 s', '2 min', '2 h', '2 d']);
  });
});
