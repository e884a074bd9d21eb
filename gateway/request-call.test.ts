import { expect } from 'chai';
import { FakeClock, heldBytes } from '@trolley/runtime/testing';
import { ShopError } from './error-table.ts';
import { optionsOf } from './call.ts';
import { RequestCall } from './request-call.ts';
import { RequestEnd } from './middleware/request-end.ts';

describe('a request as a call', () => {
  const trace = { traceparent: '00-1-2-01', tracestate: 'a=b' };

  it('is told to others with what is left of its time, and with its end', async () => {
    const [clock, end] = [new FakeClock(), new RequestEnd()];
    const call = new RequestCall('r-1', trace, { end, clock, dueAt: clock.monotonic() + 100 });
    await clock.advance(30);
    const { signal, ...told } = optionsOf(call);
    expect(told).to.deep.equal({ requestId: 'r-1', ...trace, timeoutMs: 70 });
    await clock.advance(100);
    expect(call.timeoutMs).to.equal(1);
    expect(signal.aborted).to.equal(false);
    end.comes(new ShopError('aborted', 'the caller has gone'));
    expect(signal.aborted).to.equal(true);
  });

  it('is kept by nothing when it is over, without a collection of the whole heap', async () => {
    const clock = new FakeClock();
    const held = await heldBytes((load) => {
      const end = new RequestEnd();
      void end.before(new Promise(() => load)).catch(() => load);
      const call = new RequestCall('r-1', trace, { end, clock, dueAt: 100 });
      return () => call.timeoutMs;
    });
    // Of 20 MB.
    expect(held).to.be.below(7_000_000);
  });
});
