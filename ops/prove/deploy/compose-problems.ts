import { z } from 'zod';

const composeModel = z.object({
  services: z.record(
    z.string(),
    z.object({
      depends_on: z.record(z.string(), z.unknown()).default({}),
      ports: z
        .array(z.object({ host_ip: z.string().optional(), published: z.coerce.string().optional() }))
        .default([]),
      deploy: z
        .object({ resources: z.object({ limits: z.object({ memory: z.unknown().optional() }) }) })
        .optional(),
      volumes: z.array(z.object({ type: z.string(), source: z.string().optional() })).default([]),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()).default({}),
});

/** Services and volumes that are named and not there: the specification's loader takes them for later. */
export function unknownDependencies(model: unknown): string[] {
  const { services, volumes } = composeModel.parse(model);
  return Object.entries(services).flatMap(([name, { depends_on: dependencies, volumes: mounts }]) => {
    const named = mounts.filter(({ type }) => type === 'volume').map(({ source = '' }) => source);
    return [
      ...Object.keys(dependencies).filter((other) => !Object.hasOwn(services, other)),
      ...named.filter((volume) => !Object.hasOwn(volumes, volume)),
    ].map((missing) => `${name}: there is no ${missing}`);
  });
}

/** Services that may take all memory of the machine. */
export function missingLimits(model: unknown): string[] {
  return Object.entries(composeModel.parse(model).services)
    .filter(([, { deploy }]) => deploy?.resources.limits.memory === undefined)
    .map(([name]) => `${name}: has no limit of memory`);
}

/** Ports that others than this machine reach: the passwords of development are known to all. */
export function exposedPorts(model: unknown): string[] {
  return Object.entries(composeModel.parse(model).services).flatMap(([name, { ports }]) =>
    ports
      .filter(({ host_ip: address }) => address !== '127.0.0.1')
      .map(({ published = 'one' }) => `${name}: port ${published} is not on the loopback`),
  );
}
