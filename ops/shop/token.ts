import { SignJWT } from 'jose';

export interface TokenSettings {
  readonly secret: string;
  readonly issuer: string;
}

export interface TokenOwner {
  readonly userId: number;
  readonly roles?: readonly string[];
}

const lifetime = '12h';

/** A token as the gateway accepts it. */
export function mintToken({ secret, issuer }: TokenSettings, owner: TokenOwner): Promise<string> {
  return new SignJWT({ user_id: owner.userId, roles: [...(owner.roles ?? [])] })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer(issuer)
    .setSubject(String(owner.userId))
    .setIssuedAt()
    .setExpirationTime(lifetime)
    .sign(new TextEncoder().encode(secret));
}
