import {
  unaryService,
  type ServedMethod,
  type UnaryHandlers,
  type UnaryService,
} from '../../actors/services/grpc/unary-service.ts';
import { grpcStatusOf } from '../error-table.ts';
import { letIn } from '../middleware/let-in.ts';
import type { Load, Shedding } from '../middleware/load-shedding.ts';
import type { FacadeOptions } from './incoming.ts';

/** Of each method, when it is refused where there is too much to do. */
export type Loads<D> = { readonly [M in keyof D]: Load };

/** A service whose errors leave as the gateway's table says. */
export function facade<D extends object>(
  definition: D,
  loads: Loads<D>,
  { shedding }: Pick<FacadeOptions, 'shedding'>,
  handlers: UnaryHandlers<D>,
): UnaryService {
  const service = unaryService(definition, handlers, grpcStatusOf);
  if (shedding === undefined) return service;
  const methods = Object.entries(service.methods).map(([name, method]) => {
    const answer = bounded(method.answer, loads[name as keyof D], shedding);
    return [name, { ...method, answer }] as const;
  });
  return { ...service, methods: Object.fromEntries(methods) };
}

/** As requests over REST are: the two count together. */
function bounded(answer: ServedMethod['answer'], load: Load, shedding: Shedding): ServedMethod['answer'] {
  return async (request, call) => {
    const told = letIn(shedding, load);
    if (told !== undefined) await told;
    if (load !== 'ask') return answer(request, call);
    return shedding.counted(async () => answer(request, call));
  };
}
