import { createApp, type GatewayDeps } from './app.ts';
import { openHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts';
import { LoopDelay } from './middleware/loop-delay.ts';

export type GatewayOptions = GatewayDeps & Omit<HttpServerOptions, 'handle'>;

export type Gateway = HttpServer;

/** Listens with the REST API. Rejects with the error of the operating system when the port can't be taken. */
export async function openGateway(options: GatewayOptions): Promise<Gateway> {
  const loopDelay = new LoopDelay(options.clock);
  try {
    const handle = createApp(options, loopDelay);
    const server = await openHttpServer({ ...options, handle });
    return { ...server, close: () => server.close().finally(() => loopDelay.stop()) };
  } catch (error) {
    loopDelay.stop();
    throw error;
  }
}
