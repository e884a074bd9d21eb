import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import forge from 'node-forge';

/** Paths of a certificate and of its private key, PEM. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** An authority that only the tests trust. */
export interface TestAuthority {
  /** Path of its certificate, PEM. */
  readonly ca: string;
  /**
   * Writes `<name>.crt` and `<name>.key`, for servers and clients alike. The same name again replaces the files with
   * new ones. Without `host` it is for the loopback: `localhost`, `127.0.0.1` and `::1`.
   */
  issue(name: string, host?: string): CertificateFiles;
}

interface KeyPair {
  readonly pem: string;
  readonly privateKey: forge.pki.rsa.PrivateKey;
  readonly publicKey: forge.pki.rsa.PublicKey;
}

const dayMs = 86_400_000;

/** Makes an authority, its files in `folder`. Two of them do not trust each other. */
export function createTestAuthority(folder: string, name = 'ca'): TestAuthority {
  mkdirSync(folder, { recursive: true });
  const keys = nextKeys();
  const subject = [{ name: 'commonName', value: `${name} ${randomBytes(4).toString('hex')}` }];
  const ca = join(folder, `${name}.crt`);
  const own = certificateOf(keys, subject, [
    { name: 'basicConstraints', cA: true, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ]);
  writeFileSync(ca, signed(own, subject, keys));
  return {
    ca,
    issue(leaf, host) {
      const files = { cert: join(folder, `${leaf}.crt`), key: join(folder, `${leaf}.key`) };
      const leafKeys = nextKeys();
      const certificate = certificateOf(
        leafKeys,
        [{ name: 'commonName', value: leaf }],
        [
          { name: 'basicConstraints', cA: false },
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          { name: 'subjectAltName', altNames: host === undefined ? loopback : [{ type: 2, value: host }] },
          { name: 'authorityKeyIdentifier', keyIdentifier: own.generateSubjectKeyIdentifier().getBytes() },
        ],
      );
      writeFileSync(files.cert, signed(certificate, subject, keys));
      writeFileSync(files.key, leafKeys.pem, { mode: 0o600 });
      return files;
    },
  };
}

/** What a certificate is for: 2 is a name, 7 an address. */
const loopback = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
  { type: 7, ip: '::1' },
];

const pool: KeyPair[] = [];
const poolSize = 4;
let taken = 0;

/** Another pair than the last few. Making one costs too much to make one for each certificate of a test. */
function nextKeys(): KeyPair {
  const keys = (pool[taken % poolSize] ??= createKeys());
  taken += 1;
  return keys;
}

function createKeys(): KeyPair {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  const parsed = forge.pki.privateKeyFromPem(pem);
  return { pem, privateKey: parsed, publicKey: forge.pki.setRsaPublicKey(parsed.n, parsed.e) };
}

function certificateOf(
  { publicKey }: KeyPair,
  subject: forge.pki.CertificateField[],
  extensions: object[],
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  // A small first byte keeps the number positive. A zero would now and then be followed by another: no DER.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(Date.now() - dayMs);
  certificate.validity.notAfter = new Date(Date.now() + 30 * dayMs);
  certificate.setSubject(subject);
  certificate.setExtensions([...extensions, { name: 'subjectKeyIdentifier' }]);
  return certificate;
}

function signed(
  certificate: forge.pki.Certificate,
  issuer: forge.pki.CertificateField[],
  { privateKey }: KeyPair,
): string {
  certificate.setIssuer(issuer);
  certificate.sign(privateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}
