import { isLoopback } from './loopback.ts';
import { isIP } from 'node:net';
import { parseRedisUrl, redisUrlForms } from '@trolley/runtime/adapters';
import { z } from 'zod';
import { isNetwork } from '../../../gateway/client-address.ts';
import { type ConsoleUser, readConsoleUsers } from '../../console/auth/console-users.ts';
import { isRole, roles, type Role } from './roles.ts';

/** How the text of a variable is read, and what a person is told to write instead of a wrong one. */
export interface Value<T> {
  readonly schema: z.ZodType<T, string>;
  readonly wanted: string;
  /** What is wrong with each part of a text that has several, in place of the whole. */
  readonly problems?: (text: string) => readonly string[];
}

const digits = z.string().regex(/^\d+$/).transform(Number);

export function integer(min: number, max: number, unit = 'a whole number'): Value<number> {
  return {
    schema: digits.pipe(z.number().int().min(min).max(max)),
    wanted: `${unit} from ${min} to ${max}`,
  };
}

/** `auto`, or how many. */
export function countOrAuto(max: number): Value<'auto' | number> {
  return {
    schema: z.union([z.literal('auto'), integer(0, max).schema]),
    wanted: `auto, or a whole number from 0 to ${max}`,
  };
}

export const milliseconds = (min: number, max: number) => integer(min, max, 'milliseconds');

export const port = integer(0, 65_535, 'a port');

export function fraction(): Value<number> {
  return {
    schema: z
      .string()
      .regex(/^\d*\.?\d+$/)
      .transform(Number)
      .pipe(z.number().min(0).max(1)),
    wanted: 'a number from 0 to 1',
  };
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** `1000-2000`, or one number for both ends. */
export function millisecondRange(limit: number): Value<Range> {
  return {
    schema: z
      .string()
      .regex(/^\d+(-\d+)?$/)
      .transform((text) => {
        const [min, max = min] = text.split('-').map(Number) as [number, number?];
        return { min, max };
      })
      .refine(({ min, max }) => min <= max && max <= limit),
    wanted: `milliseconds, such as 0 or 1000-2000, up to ${limit}`,
  };
}

const units = { b: 1, kb: 1024, mb: 1024 * 1024 };

/** `1mb`, `512kb`, or a plain number of bytes. */
export function bytes(max: number): Value<number> {
  return {
    schema: z
      .string()
      .regex(/^\d+(b|kb|mb)?$/i)
      .transform((text) => {
        const unit = (text.match(/[a-z]+$/i)?.[0].toLowerCase() ?? 'b') as keyof typeof units;
        return Number.parseInt(text, 10) * units[unit];
      })
      .pipe(z.number().min(1).max(max)),
    wanted: `a size such as 512kb or 1mb, up to ${max / units.mb}mb`,
  };
}

export function oneOf<const T extends string>(...words: readonly T[]): Value<T> {
  return { schema: z.string().pipe(z.enum(words)), wanted: `one of ${words.join(', ')}` };
}

export const text: Value<string> = { schema: z.string().trim().min(1), wanted: 'some text' };

/** Taken to the letter. */
export const secret: Value<string> = { schema: z.string().min(1), wanted: 'a secret' };

/** A URL with one of the schemes, such as `redis://localhost:6379`. */
export function url(...schemes: readonly string[]): Value<string> {
  const fits = (value: string) =>
    URL.canParse(value) && schemes.includes(new URL(value).protocol) && new URL(value).host !== '';
  return {
    schema: z.string().refine(fits),
    wanted: `a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  };
}

/** `https:`, or `http:` on this machine; without a password, which would get into logs. */
export const jwksUrl: Value<string> = {
  schema: z
    .string()
    .trim()
    .refine((text) => {
      if (!URL.canParse(text)) return false;
      const { protocol, hostname, username, password } = new URL(text);
      if (username !== '' || password !== '') return false;
      return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname.replace(/^\[|\]$/g, '')));
    }),
  wanted: 'a URL that begins with https://, without a user (http:// on this machine in development)',
};

/** One Redis, the master that Sentinels name, or a Redis Cluster: see `parseRedisUrl`. */
export const redisUrl: Value<string> = {
  schema: z.string().refine((value) => {
    try {
      return Boolean(parseRedisUrl(value));
    } catch {
      return false;
    }
  }),
  wanted: `a URL such as ${redisUrlForms}`,
};

/** One or several hosts, with the driver's own options, such as `mongodb://one,two/carts?replicaSet=rs`. */
export const mongoUri: Value<string> = {
  schema: z.string().regex(/^mongodb(\+srv)?:\/\/([^@/?\s]+@)?[^@/?,\s]+(,[^@/?,\s]+)*([/?]\S*)?$/),
  wanted: 'a URL that begins with mongodb:// or mongodb+srv://',
};

/** `host:port`; an IPv6 address in brackets. */
export const address: Value<string> = {
  schema: z
    .string()
    .regex(/^([^\s:/[\]]+|\[[0-9a-f:]+\]):\d{1,5}$/i)
    .refine((value) => Number(value.split(':').at(-1)) <= 65_535),
  wanted: 'an address such as localhost:50051',
};

/** Where to listen: an address of this machine, or a name of one. */
export const host: Value<string> = {
  schema: z.string().refine((text) => isIP(text) !== 0 || /^(?=.*[a-z])[a-z0-9.-]{1,253}$/i.test(text)),
  wanted: 'an address to listen on, such as 127.0.0.1 or 0.0.0.0',
};

export const yesOrNo: Value<boolean> = {
  schema: z
    .string()
    .pipe(z.enum(['true', 'false', '1', '0']))
    .transform((word) => word === 'true' || word === '1'),
  wanted: 'true or false',
};

const list = z.string().transform((value) =>
  value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== ''),
);

export const origins: Value<readonly string[]> = {
  schema: list.refine((words) => words.every((word) => URL.canParse(word) && new URL(word).origin === word)),
  wanted: 'a comma list of origins such as https://shop.example.com, without a path',
};

export const networks: Value<readonly string[]> = {
  schema: list.refine((words) => words.every(isNetwork)),
  wanted: 'a comma list of addresses or networks such as 10.0.0.7,192.168.0.0/16,fd00::/8',
};

export const secrets: Value<readonly string[]> = { schema: list, wanted: 'a comma list of secrets' };

export const consoleUsers: Value<readonly ConsoleUser[]> = {
  schema: z
    .string()
    .refine((text) => readConsoleUsers(text).problems.length === 0)
    .transform((text) => readConsoleUsers(text).users),
  wanted: 'a comma list of name:role:bcrypt-hash',
  problems: (text) => readConsoleUsers(text).problems,
};

/** The driver takes a host apart at its colon, so an IPv6 address needs a name. */
export const brokers: Value<readonly string[]> = {
  schema: list.refine(
    (words) =>
      words.length > 0 &&
      words.every((word) => /^[^\s:/@[\]]+:\d{1,5}$/.test(word) && Number(word.split(':')[1]) <= 65_535),
  ),
  wanted: 'a comma list of addresses such as kafka-1:9092,kafka-2:9092',
};

/** As Kafka writes them, or in small letters. */
export const saslMechanism = {
  schema: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['plain', 'scram-sha-256', 'scram-sha-512'])),
  wanted: 'one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512',
} satisfies Value<string>;

export const roleList: Value<ReadonlySet<Role>> = {
  schema: list
    .refine((words) => words.length > 0 && words.every((word) => word === 'all' || isRole(word)))
    .transform((words) => new Set(words.includes('all') ? roles : words.filter(isRole))),
  wanted: `all, or a comma list of ${roles.join(', ')}`,
};
