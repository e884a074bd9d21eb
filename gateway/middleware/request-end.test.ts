import { expect } from 'chai';
import { ShopError } from '../error-table.ts';
import { RequestEnd } from './request-end.ts';

const late = new ShopError('deadline_exceeded', 'late');
const gone = new ShopError('aborted', 'gone');

describe('RequestEnd', () => {
  it('is outrun by work that is done before', async () => {
    const end = new RequestEnd();
    expect(await end.before(Promise.resolve('done'))).to.equal('done');
    end.comes(late);
    const failed: unknown = await new RequestEnd()
      .before(Promise.reject(gone))
      .catch((error: unknown) => error);
    expect(failed).to.equal(gone);
  });

  it('is the answer of work that is not done, with the first reason', async () => {
    const end = new RequestEnd();
    const answer = end.before(new Promise(() => {})).catch((error: unknown) => error);
    end.comes(late);
    end.comes(gone);
    expect(await answer).to.equal(late);
  });

  it('is told at once to work that begins after it', async () => {
    const end = new RequestEnd();
    end.comes(gone);
    expect(await end.before(new Promise(() => {})).catch((error: unknown) => error)).to.equal(gone);
    expect(await end.before(Promise.resolve('done')).catch((error: unknown) => error)).to.equal(gone);
  });

  it('aborts its signal, whether that was asked for before or after', () => {
    const before = new RequestEnd();
    const { signal } = before;
    expect(signal).to.equal(before.signal);
    expect(signal.aborted).to.equal(false);
    const after = new RequestEnd();
    for (const end of [before, after]) {
      end.comes(gone);
      end.comes(late);
      expect([end.signal.aborted, end.signal.reason]).to.deep.equal([true, gone]);
    }
    expect(signal.aborted).to.equal(true);
  });
});
