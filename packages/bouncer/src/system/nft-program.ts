import { existsSync } from 'node:fs';
import { FirewallError } from './firewall-error.js';

/** Where nft is looked for: folders that only root can write, whatever PATH says. */
const PROGRAMS = ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft'];

/** Messages in English, and no history in anybody's home. */
export const NFT_ENVIRONMENT = { LC_ALL: 'C', HOME: '/dev/null' };

/**
 * The absolute path of nft.
 * @throws {FirewallError} if it is not installed
 */
export function nftProgram(): string {
  const program = PROGRAMS.find((path) => existsSync(path));
  if (program === undefined)
    throw new FirewallError(`nft is missing (${PROGRAMS.join(', ')}): install nftables`);
  return program;
}
