import { experimental, type ChannelCredentials, type ServerCredentials } from '@grpc/grpc-js';

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
  /** For a server of the same process, called on the loopback: whatever hosts its certificate is for. */
  readonly loopbackClient: ChannelCredentials;
}

/** New connections get the source's current texts; connections that stand, stay. */
export function createMutualTls(source: MutualTlsSource): MutualTls {
  const provider = new PushedCertificates(source);
  const clientCertificateRequired = true;
  return {
    server: experimental.createCertificateProviderServerCredentials(
      provider,
      provider,
      clientCertificateRequired,
    ),
    client: experimental.createCertificateProviderChannelCredentials(provider, provider),
    loopbackClient: experimental.createCertificateProviderChannelCredentials(provider, provider, {
      checkServerIdentity: () => undefined,
    }),
  };
}

type CertificateProvider = experimental.CertificateProvider;

/**
 * Hands out what the source found whole. The provider that comes with grpc-js reads files by itself, and takes the
 * certificates away from a server while a file is not there or half-written.
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
