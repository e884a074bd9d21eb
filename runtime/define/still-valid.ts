import { z } from 'zod';

type Members = Readonly<Record<string, unknown>>;

/** Whether a value is what its schema says, given one that it has taken before. */
type Check = (value: unknown, before: unknown) => boolean;

const checks = new WeakMap<z.core.$ZodType, Check>();

/**
 * Whether a value is what its schema says: only what is another than in `before` is looked at, so neither may ever be
 * changed in place. False also where this does not tell; then the whole value has to be parsed.
 * @param before what the same schema has taken before
 */
export function isStillValid(schema: z.core.$ZodType, value: unknown, before: unknown): boolean {
  return value === before || checkOf(schema)(value, before);
}

/** Made when it is first needed, since a schema may hold itself. */
function checkOf(schema: z.core.$ZodType): Check {
  let check = checks.get(schema);
  if (check === undefined) {
    check = newCheck(schema);
    checks.set(schema, check);
  }
  return check;
}

function newCheck(schema: z.core.$ZodType): Check {
  const parses: Check = (value) => takes(schema, value);
  const { def } = schema._zod as z.core.$ZodTypes['_zod'];
  const { checks: rules = [] } = def;
  if (def.type === 'array' && rules.every(isOfLength)) return elementsCheck(def.element, rules, parses);
  // Any other rule is for the whole, and may hang on any part of it.
  if (rules.length > 0) return parses;
  if (def.type === 'object' && def.catchall === undefined) return membersCheck(def.shape, parses);
  if (def.type !== 'optional' && def.type !== 'nullable') return parses;
  const inner = def.innerType;
  return (value, before) =>
    isAbsent(value) || isAbsent(before) ? takes(schema, value) : isStillValid(inner, value, before);
}

function membersCheck(shape: z.core.$ZodShape, parses: Check): Check {
  const members = Object.entries(shape).map(([name, schema]) => ({ name, schema }));
  return (value, before) => {
    if (!isRecord(value) || !isRecord(before)) return parses(value, before);
    for (const { name, schema } of members) {
      const member = value[name];
      // Absent and undefined are not the same for every schema.
      if (member === undefined && name in value !== name in before) return false;
      if (!isStillValid(schema, member, before[name])) return false;
    }
    return true;
  };
}

function elementsCheck(element: z.core.$ZodType, rules: readonly z.core.$ZodCheck[], parses: Check): Check {
  return (value, before) => {
    if (!Array.isArray(value) || !Array.isArray(before)) return parses(value, before);
    if (!rules.every((rule) => holds(rule, value.length))) return false;
    const known: readonly unknown[] = before;
    let place = 0;
    for (const one of value as readonly unknown[]) {
      // One may have been taken out.
      if (one !== known[place] && one === known[place + 1]) place++;
      const isNew = place >= known.length;
      const other = known[place++];
      if (!(isNew ? takes(element, one) : isStillValid(element, one, other))) return false;
    }
    return true;
  };
}

const takes = (schema: z.core.$ZodType, value: unknown) => z.safeParse(schema, value).success;

const defOf = (rule: z.core.$ZodCheck) => (rule as z.core.$ZodChecks)._zod.def;

function isOfLength(rule: z.core.$ZodCheck): boolean {
  const { check } = defOf(rule);
  return check === 'max_length' || check === 'min_length' || check === 'length_equals';
}

function holds(rule: z.core.$ZodCheck, length: number): boolean {
  const def = defOf(rule);
  switch (def.check) {
    case 'max_length':
      return length <= def.maximum;
    case 'min_length':
      return length >= def.minimum;
    case 'length_equals':
      return length === def.length;
    default:
      return false;
  }
}

const isAbsent = (value: unknown) => value === null || value === undefined;

const isRecord = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
