import {
  unaryService,
  type UnaryHandlers,
  type UnaryService,
} from '../../actors/services/grpc/unary-service.ts';
import { grpcStatusOf } from '../error-table.ts';

/** A service whose errors leave as the gateway's table says. */
export function facade<D extends object>(definition: D, handlers: UnaryHandlers<D>): UnaryService {
  return unaryService(definition, handlers, grpcStatusOf);
}
