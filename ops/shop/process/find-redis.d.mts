export const redisPrograms: readonly string[];

export function findProgram(programs: readonly string[], searchPath: string): string | undefined;

export type RedisChoice =
  | { readonly kind: 'given'; readonly url: string }
  | { readonly kind: 'program'; readonly program: string }
  | { readonly kind: 'docker' | 'install' | 'none' };

export function chooseRedis(found: {
  readonly redisUrl: string | undefined;
  readonly program: string | undefined;
  readonly dockerAnswers: () => Promise<boolean>;
  readonly canInstall: () => boolean;
}): Promise<RedisChoice>;

export function dockerAnswers(): Promise<boolean>;

export const noRedis: string;
