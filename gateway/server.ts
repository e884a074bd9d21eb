import { createApp, type GatewayDeps } from './app.ts';
import { createEventSources } from './event-sources.ts';
import { EventStreams } from './events/event-streams.ts';
import { openHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts';
import { LoopDelay } from './middleware/loop-delay.ts';

export type GatewayOptions = GatewayDeps & Omit<HttpServerOptions, 'handle'>;

export type Gateway = HttpServer;

/** Listens with the REST API. Rejects with the error of the operating system when the port can't be taken. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const loopDelay = new LoopDelay(options.clock);
  const streams = createEventStreams(options);
  try {
    const handle = createApp(options, { loopDelay, streams });
    const server = await openHttpServer({ ...options, handle });
    return {
      ...server,
      close() {
        // They have no end of their own that the server could wait for.
        streams.close();
        return server.close().finally(() => loopDelay.stop());
      },
    };
  } catch (error) {
    loopDelay.stop();
    throw error;
  }
}

export function createEventStreams(deps: GatewayDeps): EventStreams {
  const { shop, clock, random, logger, eventLimits } = deps;
  return new EventStreams({
    ...{ clock, random, logger },
    sources: createEventSources(shop),
    news: deps.changeNews,
    limits: eventLimits ?? { maxStreams: 2_000, maxPerUser: 8 },
    readTimeoutMs: deps.requestTimeoutMs,
    observer: deps.eventObserver,
  });
}
