import { createBullBoard } from '@bull-board/api';
import { KoaAdapter } from '@bull-board/koa';
import { LRUCache } from 'lru-cache';
import { ActorError, type Clock, type Mailboxes } from '@trolley/runtime';
import type { ConsoleContext, ConsoleMiddleware } from '../console-state.ts';
import { boardPath } from './board-path.ts';
import { chooseMailboxes, type ShownMailbox } from './choose-mailboxes.ts';
import { boardName, MailboxQueues, type MailboxQueuesOptions } from './mailbox-queues.ts';

export interface BoardOptions extends MailboxQueuesOptions {
  readonly mailboxes: Pick<Mailboxes, 'list'>;
  readonly clock: Clock;
}

export interface Board {
  readonly serve: ConsoleMiddleware;
  close(): void;
}

/** A list that is so old is made anew beside the poll; the poll waits for it where it is much older. */
const keptMs = 1_000;
const longestKeptMs = 15_000;
/** Mailboxes that somebody looked for stay on the board so long. */
const lookedForMs = 600_000;
const maxLookedFor = 20;

/** Styles stand in the text of its page, scripts do not. */
const policy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";
const foreignFonts = /<link[^>]+href="https:\/\/fonts\.googleapis\.com[^>]*>/g;

/**
 * Bull Board for the mailboxes that hold something: some fifty at a time, since each poll of each tab counts them all, and
 * whichever `?type=…&key=…` names. It only reads. Its buttons know nothing of order, leases and the ready set: a retry
 * by them is never handled, and what an emptied queue had accepted is lost. Our own pages act instead.
 */
export function createBoard(options: BoardOptions): Board {
  const { mailboxes, clock, logger } = options;
  const queues = new MailboxQueues(options);
  const lookedFor = new LRUCache<string, ShownMailbox>({
    max: maxLookedFor,
    ttl: lookedForMs,
    ttlResolution: 0,
    // The library takes a time of 0 for none at all.
    perf: { now: () => clock.monotonic() + 1 },
  });
  const adapter = new KoaAdapter().setBasePath(boardPath);
  const board = createBullBoard({
    queues: [],
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: 'Mailboxes',
        miscLinks: [{ text: 'Console', url: '/mailboxes' }],
        pollingInterval: { forceInterval: 5 },
        showWorkers: false,
        hideRedisDetails: true,
      },
    },
  });
  const plugin = adapter.registerPlugin();
  let chosenAt = -Infinity;
  let choosing: Promise<void> | undefined;

  async function choose(): Promise<void> {
    const begunAt = clock.monotonic();
    board.replaceQueues(queues.show(await chooseMailboxes(mailboxes, [...lookedFor.values()])));
    chosenAt = begunAt;
  }

  async function serve(ctx: ConsoleContext): Promise<void> {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD')
      throw new ActorError('forbidden', 'the board only reads: the pages of the console act');
    const { type, key } = ctx.query;
    if (typeof type === 'string' && typeof key === 'string') {
      const name = boardName({ type, key });
      lookedFor.set(name, { type, key });
      chosenAt = -Infinity;
      ctx.redirect(`${boardPath}/queue/${encodeURIComponent(name)}`);
      return;
    }
    const age = clock.monotonic() - chosenAt;
    if (age >= keptMs) choosing ??= choose().finally(() => (choosing = undefined));
    if (age >= longestKeptMs) await choosing;
    else choosing?.catch((err: unknown) => logger.debug({ err }, 'the board shows the mailboxes of before'));
    await plugin(ctx, async () => undefined);
    ctx.set('Content-Security-Policy', policy);
    // Their names change with what is in them.
    if (ctx.path.startsWith(`${boardPath}/static/`))
      ctx.set('Cache-Control', 'private, max-age=31536000, immutable');
    else if (typeof ctx.body === 'string') ctx.body = ctx.body.replaceAll(foreignFonts, '');
  }

  return {
    serve: (ctx, next) =>
      ctx.path === boardPath || ctx.path.startsWith(`${boardPath}/`) ? serve(ctx) : next(),
    close: () => queues.close(),
  };
}
