import { createPrivateKey, X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { issueCertificate } from '../../../../lib/adapters/local/control-plane/certificate.ts';

const validFrom = new Date('2026-11-01T00:00:00Z');
const authority = issueCertificate({ commonName: 'authority', use: 'authority', validFrom, days: 3660 });
const root = new X509Certificate(authority.certPem);

describe('a certificate', () => {
  it('of the authority is signed by itself and may sign others', () => {
    expect(root.ca).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect(root.validToDate).toEqual(new Date('2036-11-08T00:00:00Z'));
  });

  it('of a server has its hosts and its use', () => {
    const subject = {
      commonName: 'server',
      use: 'server',
      hosts: ['127.0.0.1', 'localhost'],
      validFrom,
      days: 366,
    } as const;
    const pair = issueCertificate(subject, authority);
    const certificate = new X509Certificate(pair.certPem);
    expect(certificate.subjectAltName).toBe('IP Address:127.0.0.1, DNS:localhost');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
    expect(certificate.ca).toBe(false);
    expect(certificate.checkPrivateKey(createPrivateKey(pair.keyPem))).toBe(true);
  });

  it('after 2049 keeps its dates', () => {
    const pair = issueCertificate({ commonName: 'late', use: 'client', validFrom, days: 20_000 }, authority);
    expect(new X509Certificate(pair.certPem).validToDate).toEqual(new Date(validFrom.getTime() + 20_000 * 86_400_000));
  });

  it('of any user is accepted by its authority and bears name and groups', () => {
    // Up to 64 characters (RFC 5280, ub-common-name), any length of which must be encoded right.
    const text = fc.string({ minLength: 1, maxLength: 64 }).filter((value) => /^[ -~]+$/.test(value));
    const property = fc.property(text, fc.array(text, { maxLength: 8 }), (commonName, organizations) => {
      const subject = { commonName, organizations, use: 'client', validFrom, days: 1 } as const;
      const certificate = new X509Certificate(issueCertificate(subject, authority).certPem);
      expect(certificate.checkIssued(root)).toBe(true);
      expect(certificate.verify(root.publicKey)).toBe(true);
      expect(certificate.serialNumber).toMatch(/^[4-7]/);
      const names = certificate.toLegacyObject().subject as unknown as { CN: string; O?: string | string[] };
      expect(names.CN).toBe(commonName);
      expect([names.O ?? []].flat()).toEqual(organizations);
    });
    fc.assert(property, { numRuns: 200 });
  });
});
