import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** A certificate with its private key, both as PEM. */
export interface KeyPair {
  certPem: string;
  keyPem: string;
}

/** What a certificate says. */
export interface CertificateSubject {
  /** A user's name, for Kubernetes. */
  commonName: string;
  /** A user's groups, for Kubernetes. */
  organizations?: readonly string[];
  /** What the certificate may be used for. */
  use: 'authority' | 'server' | 'client';
  /** Names and IPv4 addresses of a server. */
  hosts?: readonly string[];
  validFrom: Date;
  days: number;
}

/**
 * Makes an ECDSA P-256 certificate (RFC 5280), signed by `issuer`, or by itself when there is none.
 * Node can read certificates but not make them; these few fields of DER are what a private authority needs.
 */
export function issueCertificate(subject: CertificateSubject, issuer?: KeyPair): KeyPair {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = keys.publicKey.export({ type: 'spki', format: 'der' });
  const signingKey = issuer === undefined ? keys.privateKey : createPrivateKey(issuer.keyPem);
  const name = subjectName(subject.commonName, subject.organizations ?? []);
  const issuerName = issuer === undefined ? name : subjectOf(issuer.certPem);
  const until = new Date(subject.validFrom.getTime() + subject.days * 86_400_000);
  const body = sequence(
    tagged(0, der(0x02, Buffer.from([2]))),
    serialNumber(),
    ECDSA_WITH_SHA256,
    issuerName,
    sequence(time(subject.validFrom), time(until)),
    name,
    publicKey,
    tagged(
      3,
      sequence(...extensions(subject, publicKey, createPublicKey(signingKey).export({ type: 'spki', format: 'der' }))),
    ),
  );
  const certificate = sequence(body, ECDSA_WITH_SHA256, bitString(sign('sha256', body, signingKey)));
  const base64 = certificate.toString('base64').replace(/.{1,64}/g, '$&\n');
  return {
    certPem: `-----BEGIN CERTIFICATE-----\n${base64}-----END CERTIFICATE-----\n`,
    keyPem: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

function extensions(subject: CertificateSubject, publicKey: Buffer, issuerKey: Buffer): Buffer[] {
  const authority = subject.use === 'authority';
  // Key usage is a bit string, most significant bit first: keyCertSign and cRLSign, or digitalSignature.
  const usage = authority ? der(0x03, Buffer.from([1, 0x06])) : der(0x03, Buffer.from([7, 0x80]));
  const list = [
    extension('2.5.29.19', true, authority ? sequence(der(0x01, Buffer.from([0xff]))) : sequence()),
    extension('2.5.29.15', true, usage),
    extension('2.5.29.14', false, der(0x04, keyId(publicKey))),
    extension('2.5.29.35', false, sequence(der(0x80, keyId(issuerKey)))),
  ];
  if (!authority)
    list.push(extension('2.5.29.37', false, sequence(oid(EXTENDED_USE[subject.use as 'server' | 'client']))));
  if (subject.hosts !== undefined)
    list.push(extension('2.5.29.17', false, sequence(...subject.hosts.map(alternativeName))));
  return list;
}

const EXTENDED_USE = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' };

function extension(id: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
}

function alternativeName(host: string): Buffer {
  return isIPv4(host) ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host, 'latin1'));
}

/** RFC 5280, 4.2.1.2: the SHA-1 of the key's bits; an identifier, no protection. */
function keyId(spki: Buffer): Buffer {
  // The uncompressed point of a P-256 key is the last 65 bytes of its SubjectPublicKeyInfo.
  return createHash('sha1').update(spki.subarray(-65)).digest();
}

function subjectName(commonName: string, organizations: readonly string[]): Buffer {
  const part = (id: string, value: string) => der(0x31, sequence(oid(id), der(0x0c, Buffer.from(value, 'utf8'))));
  return sequence(...organizations.map((name) => part('2.5.4.10', name)), part('2.5.4.3', commonName));
}

/** The bytes of the subject, as they stand in a certificate that this file made. */
function subjectOf(certPem: string): Buffer {
  const bytes = Buffer.from(certPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const body = children(children(bytes)[0]!);
  return body[5]!;
}

function children(element: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = contentStart(element, 0); at < element.length; ) {
    const end = contentStart(element, at) + contentLength(element, at);
    found.push(element.subarray(at, end));
    at = end;
  }
  return found;
}

function contentStart(bytes: Buffer, at: number): number {
  const first = bytes[at + 1]!;
  return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
}

function contentLength(bytes: Buffer, at: number): number {
  const first = bytes[at + 1]!;
  return first < 0x80 ? first : bytes.readUIntBE(at + 2, first & 0x7f);
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function sequence(...items: readonly Buffer[]): Buffer {
  return der(0x30, ...items);
}

function tagged(number: number, content: Buffer): Buffer {
  return der(0xa0 + number, content);
}

/** Random, positive and without a leading zero byte, as DER wants it. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return der(0x02, bytes);
}

function bitString(bytes: Buffer): Buffer {
  return der(0x03, Buffer.from([0]), bytes);
}

/** UTCTime up to 2049, GeneralizedTime after it (RFC 5280, 4.1.2.5). */
function time(date: Date): Buffer {
  const digits = date.toISOString().replace(/\.\d+/, '').replace(/[-:T]/g, '');
  return date.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

function oid(text: string): Buffer {
  const [first, second, ...rest] = text.split('.').map(Number);
  const bytes = [first! * 40 + second!];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = part >> 7; left > 0; left >>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
