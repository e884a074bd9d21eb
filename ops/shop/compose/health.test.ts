import { expect } from 'chai';
import { silentLogger } from '@trolley/runtime';
import { parseConfig } from '../config/parse-config.ts';
import { createLifecycle } from '../process/lifecycle.ts';
import { createProgress } from '../process/progress.ts';
import { startHealth } from './health.ts';

describe('startHealth', () => {
  it('is ready neither before everything has started nor once the stop has begun, and lives all the time', async () => {
    const lines: string[] = [];
    const progress = createProgress({ write: (line) => lines.push(line) });
    const lifecycle = createLifecycle({ progress, log: silentLogger });
    let finish = () => {};
    const health = await startHealth(parseConfig({ HEALTH_PORT: '0' }), lifecycle, silentLogger);
    await lifecycle.start({
      name: 'what takes its time to stop',
      start: () => undefined,
      stop: () => new Promise<void>((resolve) => (finish = resolve)),
    });
    const port = /health on :([0-9]+)/.exec(lines.join(''))?.[1] ?? '';
    const ask = async (what: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}/health/${what}`);
      return `${answer.status} ${await answer.text()}`;
    };
    const notReady = /^503 .*"process":"failing"/;

    expect(await ask('ready')).to.match(notReady);
    expect(await ask('live')).to.match(/^200 /);
    health.addCheck('redis', async () => {});
    health.started();
    expect(await ask('ready')).to.equal('200 {"status":"ok","dependencies":{"process":"ok","redis":"ok"}}');
    const stopped = lifecycle.stop();
    expect(await ask('ready')).to.match(notReady);
    expect(await ask('live')).to.match(/^200 /);
    finish();
    await stopped;
    expect(await ask('live').catch(() => 'gone')).to.equal('gone');
  });
});
