import type { AnyActor, Effects } from '../define/actor.ts';
import { jsonSchemaOf, type JsonSchema } from '../define/json-schema.ts';
import type { ActorContract, MessageSpec } from '../define/contract.ts';

/** A message of an actor type, as its nodes know it. */
export interface MessageReport {
  readonly name: string;
  /** Whether it can be asked; without an output it is told. */
  readonly hasOutput: boolean;
  readonly readOnly: boolean;
  /** JSON Schema 2020-12 of what goes in; absent where the schema's library cannot tell. */
  readonly input?: JsonSchema;
  /** Of what comes out. */
  readonly output?: JsonSchema;
}

/** An actor type that nodes host. */
export interface ContractReport {
  readonly type: string;
  /** Of the definition. */
  readonly version: number;
  readonly onPoison: 'dead-letter' | 'park';
  /** JSON Schema 2020-12 of a key. */
  readonly key?: JsonSchema;
  /** Codes that its handlers refuse with. */
  readonly refusals: readonly string[];
  /** Names of what it does outside. */
  readonly effects: readonly string[];
  readonly messages: readonly MessageReport[];
}

export function contractReport(actor: AnyActor): ContractReport {
  const contract = actor.contract as ActorContract;
  const { version = 1, onPoison = 'dead-letter' } = actor.definition;
  const effects: Effects = (actor.definition.effects as Effects | undefined) ?? {};
  const key = jsonSchemaOf(contract.key, 'input');
  return {
    type: contract.type,
    version,
    onPoison,
    ...(key && { key }),
    refusals: Object.keys(contract.refusals),
    effects: Object.keys(effects),
    messages: Object.entries(contract.messages).map(([name, spec]) => messageReport(name, spec)),
  };
}

function messageReport(name: string, { input, output, readOnly = false }: MessageSpec): MessageReport {
  const [takes, answers] = [jsonSchemaOf(input, 'input'), output && jsonSchemaOf(output, 'output')];
  return {
    ...{ name, hasOutput: output !== undefined, readOnly },
    ...(takes && { input: takes }),
    ...(answers && { output: answers }),
  };
}
