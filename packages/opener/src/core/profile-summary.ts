import { showDoor } from './door.js';
import type { Profile } from './profile.js';
import { quoted } from './quote.js';

/** What a profile says, without its secrets, in lines for people. */
export function summarize({ host, port, serverId, actions }: Profile): string[] {
  const lines = [`server   ${host}${port === undefined ? '' : `, UDP port ${port}`}`];
  if (serverId !== host) lines.push(`id       ${serverId}`);
  for (const [name, { code, opens }] of actions) {
    const doors = opens.length === 0 ? '' : `, opens ${opens.map(showDoor).join(' ')}`;
    lines.push(`action   ${/^[\w.-]+$/.test(name) ? name : quoted(name)} (${code}${doors})`);
  }
  return lines;
}
