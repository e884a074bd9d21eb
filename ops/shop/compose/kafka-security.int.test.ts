import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { silentLogger } from '@trolley/runtime';
import { parseConfig, type Environment } from '../config/parse-config.ts';
import { createLifecycle } from '../process/lifecycle.ts';
import { createProgress } from '../process/progress.ts';
import { createTestAuthority } from '../../prove/testing/certificates.ts';
import { startPrivateKafka, type PrivateServer } from '../../prove/testing/test-servers.ts';
import { startKafkaEventLog } from './kafka.ts';

const user = { name: 'trolley', password: 'a secret, "quoted"' };
const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';
const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule';

describe('Kafka over TLS, with a password', function () {
  this.timeout(60_000);
  let folder: string;
  let kafka: PrivateServer;
  let secured: Environment;
  let otherCa: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trolley-kafka-tls-'));
    const authority = createTestAuthority(folder);
    otherCa = createTestAuthority(join(folder, 'other')).ca;
    const { cert, key } = authority.issue('broker');
    const keyStore = join(folder, 'broker.pem');
    const pkcs8 = createPrivateKey(readFileSync(key)).export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(keyStore, `${pkcs8.toString()}${readFileSync(cert, 'utf8')}`);
    const quoted = user.password.replaceAll('"', '\\\\"');
    kafka = await startPrivateKafka({
      users: { [user.name]: 'another secret' },
      settings: {
        'listener.security.protocol.map': 'CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT',
        'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
        'sasl.mechanism.inter.broker.protocol': 'PLAIN',
        'listener.name.client.plain.sasl.jaas.config': `${plain} required username="broker" password="b" user_broker="b" user_${user.name}="${quoted}";`,
        'listener.name.client.scram-sha-512.sasl.jaas.config': `${scram} required;`,
        'ssl.keystore.type': 'PEM',
        'ssl.keystore.location': keyStore,
        'ssl.truststore.type': 'PEM',
        'ssl.truststore.location': authority.ca,
      },
    });
    secured = {
      KAFKA_BROKERS: kafka.url,
      KAFKA_SSL: 'true',
      KAFKA_SSL_CA: authority.ca,
      KAFKA_SASL_MECHANISM: 'PLAIN',
      KAFKA_SASL_USERNAME: user.name,
      KAFKA_SASL_PASSWORD: user.password,
    };
  });
  after(async () => {
    await kafka.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** `used`, or the line that the start ends with. */
  async function outcome(environment: Environment): Promise<string> {
    const progress = createProgress({ write: () => true });
    const lifecycle = createLifecycle({ progress, log: silentLogger });
    const { kafka: config } = parseConfig(environment);
    try {
      const log = await startKafkaEventLog(config!, lifecycle, silentLogger);
      const event = { id: '1', key: 'a', type: 'Counted', value: '{}', headers: {} };
      await log.append('secured', [event]);
      await new Promise<void>((resolve, reject) => {
        const handle = () => Promise.resolve(resolve());
        log.subscribe({ topic: 'secured', group: 'readers', handle }).catch(reject);
      });
      return 'used';
    } catch (error) {
      return (error as Error).message;
    } finally {
      await lifecycle.stop();
    }
  }

  it('is used with PLAIN', async () => {
    expect(await outcome(secured)).to.equal('used');
  });

  it('is used with SCRAM', async () => {
    const byScram = { KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_PASSWORD: 'another secret' };
    expect(await outcome({ ...secured, ...byScram })).to.equal('used');
  });

  const refusals: [what: string, environment: () => Environment, line: RegExp][] = [
    ['a wrong password', () => ({ ...secured, KAFKA_SASL_PASSWORD: 'wrong' }), /[Aa]uthentication failed/],
    [
      'a wrong password by SCRAM',
      () => ({ ...secured, KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' }),
      /[Aa]uthentication failed/,
    ],
    [
      'a mechanism that is not offered',
      () => ({ ...secured, KAFKA_SASL_MECHANISM: 'SCRAM-SHA-256' }),
      /mechanism/,
    ],
    ['a broker of another authority', () => ({ ...secured, KAFKA_SSL_CA: otherCa }), /certificate/],
    ['no encryption', () => ({ KAFKA_BROKERS: kafka.url }), /./],
    [
      'a file of authorities that is not there',
      () => ({ ...secured, KAFKA_SSL_CA: '/nowhere/ca.pem' }),
      /there is no such file/,
    ],
  ];
  for (const [what, environment, line] of refusals) {
    it(`refuses ${what} in one line, without the password`, async () => {
      const said = await outcome(environment());
      expect(said).to.match(/^KAFKA_(BROKERS: Kafka can't be used|SSL_CA): /);
      expect(said).to.match(line);
      expect(said).not.to.include('\n');
      expect(said).not.to.include(user.password);
    });
  }
});
