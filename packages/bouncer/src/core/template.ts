import { formatAddress } from './address.js';
import type { Arrival } from './datagram.js';
import type { Policy } from './policy.js';
import type { Accept } from './verdict.js';

/** What an action's command line may name in braces; its environment has the same as `BOUNCER_...`. */
export const PLACEHOLDERS = [
  'server',
  'client',
  'action',
  'code',
  'address',
  'source',
  'port',
  'duration',
  'argument',
] as const;

export type Placeholder = (typeof PLACEHOLDERS)[number];
export type ActionValues = Readonly<Record<Placeholder, string>>;

const PLACEHOLDER = /\{([a-z_]+)\}/g;

/** The values of an accepted packet. */
export function actionValues(policy: Policy, arrival: Arrival, accept: Accept): ActionValues {
  return {
    server: policy.serverId,
    client: accept.claim.client,
    action: accept.claim.action,
    code: String(accept.claim.code),
    address: formatAddress(accept.address),
    source: arrival.source === undefined ? '' : formatAddress(arrival.source),
    port: String(arrival.sourcePort),
    duration: String(accept.duration),
    argument: accept.argument,
  };
}

/** The names in braces in a command line, each once, known or not. */
export function placeholdersIn(argv: readonly string[]): string[] {
  const names = argv.flatMap((word) => Array.from(word.matchAll(PLACEHOLDER), ([, name = '']) => name));
  return [...new Set(names)];
}

/** The names in braces that differ from a known one by capital letters only: left as they are, but not meant so. */
export function miswrittenIn(argv: readonly string[]): string[] {
  const names = argv.flatMap((word) =>
    Array.from(word.matchAll(/(?<!\$)\{([A-Za-z_]+)\}/g), ([, name = '']) => name),
  );
  return [...new Set(names)].filter((name) => !isPlaceholder(name) && isPlaceholder(name.toLowerCase()));
}

export function isPlaceholder(name: string): name is Placeholder {
  return (PLACEHOLDERS as readonly string[]).includes(name);
}

/**
 * Puts the values in. A word stays one word whatever a value contains, and braces in a value are
 * not looked at again.
 */
export function fillIn(argv: readonly string[], values: ActionValues): string[] {
  return argv.map((word) =>
    word.replace(PLACEHOLDER, (text, name: string) => (isPlaceholder(name) ? values[name] : text)),
  );
}

/** The whole environment of an action: nothing of the daemon's own is passed on. */
export function actionEnvironment(values: ActionValues): Record<string, string> {
  const environment: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
  };
  for (const name of PLACEHOLDERS) environment[`BOUNCER_${name.toUpperCase()}`] = values[name];
  return environment;
}
