import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import type { Problem } from '../core/config-problem.js';
import type { ClusterTable } from '../core/config-schema.js';
import { readTrustedFile, type Trust } from './trusted-file.js';

const MOST_PASSWORD_BYTES = 1_024;
const MOST_CERTIFICATE_BYTES = 256 * 1_024;

/** What proves that we are who we are to the store of a cluster, and the store to us. */
export interface ClusterSecrets {
  readonly password: string | undefined;
  /** Certificates, PEM. */
  readonly authorities: string | undefined;
}

/**
 * Reads the files that the table of a cluster names.
 * @param folder that they are relative to
 * @param problems gets what is wrong with them, never a secret
 */
export async function readClusterSecrets(
  folder: string,
  { password_file: passwordFile, ca_file: authoritiesFile }: Partial<ClusterTable>,
  problems: Problem[],
): Promise<ClusterSecrets> {
  const read = async (
    name: string | undefined,
    key: string,
    trust: Trust,
    most: number,
    faultOf: (text: string) => string | undefined,
  ): Promise<string | undefined> => {
    if (name === undefined) return undefined;
    const path = resolve(folder, name);
    const text = await readTrustedFile(path, trust, most);
    const fault = typeof text === 'string' ? faultOf(text) : text.refusal;
    if (fault !== undefined) problems.push({ key: `cluster.${key}`, reason: `${path} ${fault}` });
    return typeof text === 'string' ? text : undefined;
  };
  const password = await read(passwordFile, 'password_file', 'secret', MOST_PASSWORD_BYTES, faultOfPassword);
  const authorities = await read(
    authoritiesFile,
    'ca_file',
    'public',
    MOST_CERTIFICATE_BYTES,
    faultOfCertificate,
  );
  return { password: password?.trimEnd(), authorities };
}

function faultOfPassword(text: string): string | undefined {
  const lines = text.trimEnd().split('\n');
  return lines.length === 1 && lines[0] !== '' ? undefined : 'has to have the password in its only line';
}

function faultOfCertificate(text: string): string | undefined {
  try {
    new X509Certificate(text);
    return undefined;
  } catch {
    return 'has no certificate in PEM';
  }
}
