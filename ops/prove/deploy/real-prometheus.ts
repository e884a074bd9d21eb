import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { findFreePort } from '../../shop/process/ports.ts';
import { endingWithParent } from '../../shop/process/death-signal.ts';
import { StartProblem } from '../../shop/process/start-problem.ts';

const host = '127.0.0.1';
const answerMs = 5_000;

const Config = z.looseObject({
  global: z.looseObject({}),
  rule_files: z.array(z.string()),
  scrape_configs: z.tuple([z.looseObject({ dns_sd_configs: z.unknown() })]),
});
const Samples = z.object({ data: z.object({ result: z.array(z.unknown()) }) });
const Rules = z.object({
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(z.object({ name: z.string(), health: z.string(), lastError: z.string().optional() })),
      }),
    ),
  }),
});

/** A Prometheus with the project's own configuration, which finds one shop where the DNS would tell of many. */
export class RealPrometheus implements AsyncDisposable {
  readonly #url: string;
  readonly #child: ReturnType<typeof spawn>;

  private constructor(url: string, child: ReturnType<typeof spawn>) {
    this.#url = url;
    this.#child = child;
  }

  /** `configFile`: the one that is deployed. `port`: where the shop serves `/metrics`. */
  static async start(
    program: string,
    { folder, configFile, port }: { folder: string; configFile: string; port: number },
  ): Promise<RealPrometheus> {
    const file = join(folder, 'prometheus.yml');
    writeFileSync(file, configFor(configFile, port));
    const own = await findFreePort();
    const command = endingWithParent(
      {
        program,
        args: [
          `--config.file=${file}`,
          `--storage.tsdb.path=${join(folder, 'prometheus')}`,
          `--web.listen-address=${host}:${own}`,
          '--log.level=warn',
        ],
        cwd: folder,
      },
      'KILL',
    );
    const child = spawn(command.program, command.args, { cwd: command.cwd, stdio: 'ignore', env: {} });
    return new RealPrometheus(`http://${host}:${own}`, child);
  }

  async isReady(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new StartProblem('Prometheus has ended');
    const answer = await this.#get('/-/ready').catch(() => undefined);
    return answer?.ok === true;
  }

  /**
   * How many series there are of a query now.
   * @throws StartProblem where it is no query
   */
  async count(query: string): Promise<number> {
    const answer = await this.#get(`/api/v1/query?${new URLSearchParams({ query }).toString()}`);
    const text = await answer.text();
    if (!answer.ok) throw new StartProblem(`${query}: ${text}`);
    return Samples.parse(JSON.parse(text)).data.result.length;
  }

  /** What is wrong with its rules, a line each; some may not have been tried yet. */
  async ruleProblems(): Promise<string[]> {
    const { data } = Rules.parse(await (await this.#get('/api/v1/rules')).json());
    const rules = data.groups.flatMap((group) => group.rules);
    if (rules.length === 0) return ['there are no rules'];
    return rules
      .filter(({ health }) => health !== 'ok')
      .map(({ name, health, lastError = '' }) => `${name}: ${health} ${lastError}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #get(path: string): Promise<Response> {
    return fetch(`${this.#url}${path}`, { signal: AbortSignal.timeout(answerMs) });
  }
}

/** The deployed configuration, but with this shop as its target, and short intervals. */
function configFor(configFile: string, port: number): string {
  const config = Config.parse(parse(readFileSync(configFile, 'utf8')));
  const [{ dns_sd_configs: _dns, ...job }] = config.scrape_configs;
  const found = [{ targets: [`${host}:${port}`], labels: { __meta_dns_name: 'gateway' } }];
  return stringify({
    ...config,
    global: { ...config.global, scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: config.rule_files.map((file) => join(configFile, '..', file)),
    scrape_configs: [{ ...job, static_configs: found }],
  });
}
