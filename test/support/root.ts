import { existsSync } from 'node:fs';
import type { Context } from 'mocha';

/** Skips, with the reason on the terminal, what only root can test. CI is root and skips nothing. */
export function needsRoot(context: Context): void {
  if (process.geteuid?.() === 0) return;
  console.error('      skipped: needs root, for network namespaces and packet capture');
  context.skip();
}

/** Services that `npm test` does not install on a machine that would start them (tools/bootstrap.mjs). */
const SERVICES = {
  fail2ban: '/usr/bin/fail2ban-regex',
  firewalld: '/usr/sbin/firewalld',
  keepalived: '/usr/sbin/keepalived',
  rsyslog: '/usr/sbin/rsyslogd',
} as const;

/** Skips, with the reason on the terminal, what needs a service where that is not installed. */
export function needsService(context: Context, name: keyof typeof SERVICES): void {
  if (existsSync(SERVICES[name])) return;
  console.error(`      skipped: needs ${name}, which is for you to install`);
  context.skip();
}
