import type { Context } from 'mocha';

/** Skips, with the reason on the terminal, what only root can test. CI is root and skips nothing. */
export function needsRoot(context: Context): void {
  if (process.geteuid?.() === 0) return;
  console.error('      skipped: needs root, for network namespaces and packet capture');
  context.skip();
}
