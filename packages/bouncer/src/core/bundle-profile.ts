import { tomlKey } from './client-text.js';

/** What a client has to know of one action. */
export interface OfferedAction {
  readonly name: string;
  readonly code: number;
  /** Such as `tcp/22`; empty if nobody can wait for it. */
  readonly opens: readonly string[];
}

/** What a client has to know of a server, but for the secrets. */
export interface Offer {
  /** Where packets go. */
  readonly host: string;
  readonly port: number;
  readonly serverId: string;
  readonly actions: readonly OfferedAction[];
  /** Whether packets have to name the address that they come from. */
  readonly namesSource: boolean;
}

/** The profile of a bundle (docs/bundle.md section 1): all that opener needs, but for the secrets. */
export function profileOf({ host, port, serverId, actions, namesSource }: Offer): string {
  // opener takes a number always for a code.
  const named = actions.filter(({ name }) => !/^\d+$/.test(name));
  const simple = named.filter(({ opens }) => opens.length === 0);
  const [only, ...others] = named;
  const lines = [`host = "${host}"`, `port = ${port}`];
  if (serverId !== host) lines.push(`server_id = "${serverId}"`);
  if (only !== undefined && others.length === 0) lines.push(`default_action = "${only.name}"`);
  if (namesSource) lines.push('allow = "source"');
  if (simple.length > 0) lines.push('', '[actions]');
  for (const { name, code } of simple) lines.push(`${tomlKey(name)} = ${code}`);
  for (const { name, code, opens } of named) {
    if (opens.length === 0) continue;
    const ports = opens.map((port) => `"${port}"`).join(', ');
    lines.push('', `[actions.${tomlKey(name)}]`, `code = ${code}`, `opens = [${ports}]`);
  }
  return `${lines.join('\n')}\n`;
}
