import { Gauge, type Registry } from 'prom-client';
import { DurationHistogram } from '@trolley/runtime/prometheus';
import type { GrpcObserver } from '../../../actors/services/grpc/grpc-observer.ts';

/** Calls between services, those within a process included, and the circuits of those who call. */
export function grpcMetrics(registry: Registry): GrpcObserver {
  const registers = [registry];
  const called = new DurationHistogram({
    name: 'trolley_grpc_client_duration_seconds',
    help: 'How long calls took as their callers saw it. Outcome: ok; refused; failed, or unknown; not_called, the circuit was open or too many calls were under way.',
    labelNames: ['method', 'outcome'],
    registry,
  });
  const served = new DurationHistogram({
    name: 'trolley_grpc_server_duration_seconds',
    help: 'How long calls took to be answered, by the gRPC status of the answer.',
    labelNames: ['method', 'status'],
    registry,
  });
  const circuits = new Gauge({
    name: 'trolley_circuit_open',
    help: '1 while a service is not called since it has failed too often in a row.',
    labelNames: ['service'],
    registers,
  });
  const underWay = new Gauge({
    name: 'trolley_grpc_client_calls_under_way',
    help: 'Calls to a service that have no answer yet.',
    labelNames: ['service'],
    registers,
  });
  return {
    called: ({ rpc, outcome, ms }) => called.observe([rpc.slice(1), outcome], ms / 1000),
    served: ({ rpc, status, ms }) => served.observe([rpc.slice(1), status], ms / 1000),
    underWay: (service, calls) => underWay.set({ service }, calls),
    circuit: (service, isOpen) => circuits.set({ service }, isOpen ? 1 : 0),
  };
}
