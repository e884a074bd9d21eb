import { createApp, type GatewayDeps } from './app.ts';
import { createEventSources } from './event-sources.ts';
import { EventStreams } from './events/event-streams.ts';
import { openHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts';
import { openShedding, type OpenShedding } from './middleware/open-shedding.ts';

export type GatewayOptions = GatewayDeps & Omit<HttpServerOptions, 'handle'>;

export type Gateway = HttpServer;

/** Listens with the REST API. Rejects with the error of the operating system when the port can't be taken. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const { shedding, stop } = sheddingFor(options);
  const streams = createEventStreams(options);
  try {
    const handle = createApp(options, { shedding, streams });
    const server = await openHttpServer({ ...options, handle });
    return {
      ...server,
      close() {
        // They have no end of their own that the server could wait for.
        streams.close();
        return server.close().finally(stop);
      },
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Whoever has made one for the process ends it. */
function sheddingFor({ shedding, clock, logger, shedAboveMs: aboveMs = 200 }: GatewayDeps): OpenShedding {
  if (shedding !== undefined) return { shedding, stop: () => undefined };
  return openShedding({ clock, logger, aboveMs });
}

export function createEventStreams(deps: GatewayDeps): EventStreams {
  const { shop, clock, random, logger, eventLimits } = deps;
  return new EventStreams({
    ...{ clock, random, logger },
    sources: createEventSources(shop),
    subscriber: deps.changeSubscriber,
    limits: eventLimits ?? { maxStreams: 2_000, maxPerUser: 8 },
    readTimeoutMs: deps.requestTimeoutMs,
    observer: deps.eventObserver,
  });
}
