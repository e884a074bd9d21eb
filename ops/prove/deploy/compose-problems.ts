import { z } from 'zod';

const composeModel = z.object({
  services: z.record(
    z.string(),
    z.object({
      depends_on: z.record(z.string(), z.unknown()).default({}),
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
