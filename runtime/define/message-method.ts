/**
 * What a ref has already, or would be taken for something else with: by those who await it or print it. A message of
 * such a name has no method; it is sent by its name.
 */
const taken = [
  ...([
    'key',
    'ask',
    'tell',
    'then',
    'toJSON',
    'constructor',
    'toString',
    'toLocaleString',
    'valueOf',
  ] as const),
  ...(['hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable'] as const),
];

/** The method that a ref has for a message: `addItem` for `AddItem`. */
export type MethodOf<N extends string> = Exclude<Uncapitalize<N>, (typeof taken)[number]>;

/** Undefined: none. */
export function methodOf(message: string): string | undefined {
  const method = message.charAt(0).toLowerCase() + message.slice(1);
  return taken.some((name) => name === method) ? undefined : method;
}
