import type { LookupAddress } from 'node:dns';
import { quoted } from '../core/quote.js';
import { Refusal, type Problem } from '../core/refusal.js';
import type { Family } from '../core/request.js';
import { isSystemError } from './reason.js';

/** Where a datagram goes, but for the port. */
export interface Destination {
  readonly address: string;
  readonly family: 4 | 6;
}

/** IPv4 as it is usually written; the system's resolver reads other forms. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?=.)|$)){4}$/;

/**
 * Resolves a host name as the system does, and takes the first address.
 * @throws {Refusal} if there is none of the family asked for
 */
export async function resolve(host: string, family: Family): Promise<Destination> {
  const [first] = await resolveEach(host, family);
  return first;
}

/**
 * Resolves a host name as the system does, and takes the first address of each family: a server that has
 * several may be several machines, and what one of them opens the others do not.
 * @returns in the system's order of preference
 * @throws {Refusal} if there is none of the family asked for
 */
export async function resolveEach(
  host: string,
  family: Family,
): Promise<readonly [Destination, ...Destination[]]> {
  if (family !== 6 && IPV4.test(host)) return [{ address: host, family: 4 }];
  // Loaded here because an address does without, and it takes two milliseconds.
  const { lookup } = await import('node:dns/promises');
  const kind = family === 0 ? 'an address' : `an IPv${family} address`;
  try {
    const found = await lookup(host, { family, all: true });
    // An address written as such comes back as it is, whatever family was asked for.
    const wanted = found.filter((each) => family === 0 || each.family === family);
    const [first] = wanted;
    if (first !== undefined) {
      const other = wanted.find((each) => each.family !== first.family);
      return other === undefined ? [destination(first)] : [destination(first), destination(other)];
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Refusal(
      'resolving',
      unresolved(`host ${quoted(host)} does not resolve to ${kind}`, error.code),
    );
  }
  throw new Refusal('resolving', {
    sentence: `host ${quoted(host)} is not ${kind}`,
    hint: `leave out -${family}`,
  });
}

function destination({ address, family }: LookupAddress): Destination {
  return { address, family: family === 6 ? 6 : 4 };
}

function unresolved(sentence: string, code: string): Problem {
  if (code !== 'EAI_AGAIN') return { sentence, hint: 'look at how it is written' };
  return {
    sentence: `${sentence}: the name server does not answer`,
    hint: 'is this machine connected to a network?',
  };
}
