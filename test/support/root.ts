import { existsSync } from 'node:fs';
import type { Context } from 'mocha';

/** Skips, with the reason on the terminal, what only root can test. CI is root and skips nothing. */
export function needsRoot(context: Context): void {
  if (process.geteuid?.() === 0) return;
  console.error('      skipped: needs root, for network namespaces and packet capture');
  context.skip();
}

/**
 * Skips, with the reason on the terminal, what needs firewalld where it is not installed. `npm test` does
 * not install it on a machine that would start it, and so change its own firewall (tools/bootstrap.mjs).
 */
export function needsFirewalld(context: Context): void {
  if (existsSync('/usr/sbin/firewalld')) return;
  console.error('      skipped: needs firewalld, which is for you to install');
  context.skip();
}
