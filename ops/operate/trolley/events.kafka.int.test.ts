import { silentLogger, systemClock } from '@trolley/runtime';
import { KafkaEventLog } from '@trolley/runtime/kafka';
import { testKafkaBrokers } from '@trolley/runtime/testing/suites';
import { describeEventVerbs } from './testing/describe-event-verbs.ts';

describeEventVerbs('Kafka', async () => {
  const brokers = testKafkaBrokers().split(',');
  return new KafkaEventLog({ brokers, clock: systemClock, logger: silentLogger });
});
