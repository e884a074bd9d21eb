/**
 * What a ref has already, or would be taken for something else with: by those who await it or print it. A message of
 * such a name has no method; it is sent by its name.
 */
export type ReservedName =
  | ('key' | 'ask' | 'tell' | 'then' | 'toJSON')
  | ('constructor' | 'toString' | 'toLocaleString' | 'valueOf')
  | ('hasOwnProperty' | 'isPrototypeOf' | 'propertyIsEnumerable');

const reserved: Readonly<Record<ReservedName, true>> = {
  ...{ key: true, ask: true, tell: true, then: true, toJSON: true },
  ...{ constructor: true, toString: true, toLocaleString: true, valueOf: true },
  ...{ hasOwnProperty: true, isPrototypeOf: true, propertyIsEnumerable: true },
};

/** The method that a ref has for a message: `addItem` for `AddItem`. */
export type MethodOf<N extends string> = Exclude<Uncapitalize<N>, ReservedName>;

/** Undefined: none. */
export function methodOf(message: string): string | undefined {
  const method = message.charAt(0).toLowerCase() + message.slice(1);
  return Object.hasOwn(reserved, method) ? undefined : method;
}
