import { resolve } from 'node:path';
import { z } from 'zod';

/** A container of the shop, as a deployment describes it. */
export interface DeployedProcess {
  readonly name: string;
  /** What it is given; a secret stands as a sample of its kind. */
  readonly env: Readonly<Record<string, string>>;
  /** Folders in it that are not of the image. */
  readonly mounts: readonly string[];
  /** Its port to which an address leads, such as `product:50051`; undefined: the address leads elsewhere. */
  readonly portAt: (address: string) => number | undefined;
  /** Ports by name, where the deployment names them. */
  readonly namedPorts: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
}

const samples: Readonly<Record<string, string>> = {
  REDIS_URL: 'redis://sample',
  POSTGRES_URL: 'postgres://sample',
  MONGODB_URI: 'mongodb://sample/trolley',
  KAFKA_SASL_MECHANISM: 'PLAIN',
  JWT_SECRET: 'a sample of at least thirty-two bytes',
  CONSOLE_USERS: `sample:operator:$2b$12$${'a'.repeat(53)}`,
};

const composeModel = z.object({
  services: z.record(
    z.string(),
    z.object({
      build: z.unknown().optional(),
      environment: z.record(z.string(), z.union([z.string(), z.number(), z.null()])).default({}),
      tmpfs: z
        .union([z.string(), z.array(z.string())])
        .transform((given) => [given].flat())
        .default([]),
      volumes: z.array(z.object({ target: z.string() })).default([]),
    }),
  ),
});

/** The services of a compose model that are built here. */
export function processesOfCompose(model: unknown): DeployedProcess[] {
  const ours = Object.entries(composeModel.parse(model).services).filter(
    ([, { build }]) => build !== undefined,
  );
  return ours.map(([name, { environment, tmpfs, volumes }]) => ({
    name,
    env: Object.fromEntries(
      Object.entries(environment)
        .filter(([, value]) => value !== null)
        .map(([variable, value]) => [variable, String(value)]),
    ),
    mounts: [...tmpfs.map((entry) => entry.split(':')[0] ?? ''), ...volumes.map(({ target }) => target)],
    portAt: (address) =>
      address.startsWith(`${name}:`) ? Number(address.slice(name.length + 1)) : undefined,
    namedPorts: {},
    labels: {},
  }));
}

const variable = z.object({ name: z.string(), value: z.string().optional() });
const port = z.object({ name: z.string(), containerPort: z.number() });
const workload = z.object({
  kind: z.enum(['Deployment', 'StatefulSet']),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.object({
        containers: z.tuple([
          z.object({
            env: z.array(variable),
            envFrom: z.array(z.object({ configMapRef: z.object({ name: z.string() }) })),
            ports: z.array(port),
            volumeMounts: z.array(z.object({ mountPath: z.string() })),
          }),
        ]),
      }),
    }),
  }),
});
const configMap = z.object({
  kind: z.literal('ConfigMap'),
  metadata: z.object({ name: z.string() }),
  data: z.record(z.string(), z.string()),
});
const service = z.object({
  kind: z.literal('Service'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    selector: z.record(z.string(), z.string()),
    ports: z.array(z.object({ port: z.number(), targetPort: z.string() })),
  }),
});

/** The pods of a set of manifests. */
export function processesOfManifests(manifests: readonly unknown[]): DeployedProcess[] {
  const configMaps = parsed(configMap, manifests);
  const services = parsed(service, manifests);
  return parsed(workload, manifests).map(({ metadata: { name }, spec: { template } }) => {
    const [container] = template.spec.containers;
    const { labels } = template.metadata;
    const shared = container.envFrom.map(
      ({ configMapRef }) => configMaps.find(({ metadata }) => metadata.name === configMapRef.name)?.data,
    );
    const own = container.env.map(({ name: key, value }) => [key, value ?? samples[key] ?? 'sample']);
    const namedPorts = Object.fromEntries(container.ports.map((one) => [one.name, one.containerPort]));
    const selecting = services.filter(({ spec }) => covers(labels, spec.selector));
    return {
      name,
      env: Object.assign({}, ...shared, Object.fromEntries(own)) as Record<string, string>,
      mounts: container.volumeMounts.map(({ mountPath }) => mountPath),
      portAt: (address) =>
        selecting
          .flatMap(({ metadata, spec }) =>
            spec.ports.map((one) => ({
              at: `${metadata.name}:${one.port}`,
              leadsTo: namedPorts[one.targetPort],
            })),
          )
          .find(({ at }) => at === address)?.leadsTo,
      namedPorts,
      labels,
    };
  });
}

/** Whether something has at least these labels. */
export function covers(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

export function isMounted(file: string, mounts: readonly string[]): boolean {
  return mounts.some((folder) => `${resolve(file)}/`.startsWith(`${resolve(folder)}/`));
}

function parsed<T>(schema: z.ZodType<T>, manifests: readonly unknown[]): T[] {
  const kinds = manifests as readonly { kind?: unknown }[];
  return kinds.flatMap((manifest) => {
    const result = schema.safeParse(manifest);
    if (result.success) return [result.data];
    // Another kind is for another schema; a wrong shape of this kind must not be passed over.
    if (result.error.issues.some(({ path }) => path[0] === 'kind')) return [];
    throw result.error;
  });
}
