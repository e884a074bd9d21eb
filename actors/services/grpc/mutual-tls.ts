import { ServerCredentials, experimental, type ChannelCredentials } from '@grpc/grpc-js';

/** PEM texts: who is trusted, and what is shown to the other side. */
export interface MutualTlsTexts {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Certificates that may be renewed while the process runs. */
export interface MutualTlsSource {
  readonly current: MutualTlsTexts;
  onChange(listener: (texts: MutualTlsTexts) => void): void;
}

/** Both sides show a certificate of the other's authorities, or there is no connection. */
export interface MutualTls {
  readonly server: ServerCredentials;
  /** The server's certificate must be for the host in the address that was called. */
  readonly client: ChannelCredentials;
}

/** Node's own is two minutes. */
const defaultHandshakeMs = 10_000;

/**
 * New connections get the source's current texts; connections that stand, stay. A server cuts off who does not get
 * through the handshake within `handshakeMs`.
 */
export function createMutualTls(source: MutualTlsSource, handshakeMs = defaultHandshakeMs): MutualTls {
  const provider = new PushedCertificates(source);
  return {
    server: new PushedServerCredentials(source, handshakeMs),
    client: experimental.createCertificateProviderChannelCredentials(provider, provider),
  };
}

/** Credentials of grpc-js's own making let nobody set how long a handshake may take. */
class PushedServerCredentials extends ServerCredentials {
  constructor(source: MutualTlsSource, handshakeTimeout: number) {
    super({ requestCert: true, rejectUnauthorized: true, handshakeTimeout }, source.current);
    source.onChange(({ ca, cert, key }) => this.updateSecureContextOptions({ ca, cert, key }));
  }

  override _equals(other: ServerCredentials): boolean {
    return other === this;
  }
}

type CertificateProvider = experimental.CertificateProvider;

/**
 * Hands out to clients what the source found whole. The provider that comes with grpc-js reads files by itself, and
 * takes the certificates away while a file is not there or half-written.
 */
class PushedCertificates implements CertificateProvider {
  readonly #source: MutualTlsSource;
  readonly #ofAuthorities = new Set<experimental.CaCertificateUpdateListener>();
  readonly #ofIdentity = new Set<experimental.IdentityCertificateUpdateListener>();

  constructor(source: MutualTlsSource) {
    this.#source = source;
    source.onChange(() => {
      for (const listener of this.#ofAuthorities) this.#tellAuthorities(listener);
      for (const listener of this.#ofIdentity) this.#tellIdentity(listener);
    });
  }

  addCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.#ofAuthorities.add(listener);
    // Not at once: grpc-js does not listen yet while it adds the listener.
    queueMicrotask(() => this.#tellAuthorities(listener));
  }

  removeCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.#ofAuthorities.delete(listener);
  }

  addIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.#ofIdentity.add(listener);
    queueMicrotask(() => this.#tellIdentity(listener));
  }

  removeIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.#ofIdentity.delete(listener);
  }

  #tellAuthorities(listener: experimental.CaCertificateUpdateListener): void {
    listener({ caCertificate: Buffer.from(this.#source.current.ca) });
  }

  #tellIdentity(listener: experimental.IdentityCertificateUpdateListener): void {
    const { cert, key } = this.#source.current;
    listener({ certificate: Buffer.from(cert), privateKey: Buffer.from(key) });
  }
}
