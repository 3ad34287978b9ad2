import type { ClientTable } from './client-schema.js';
import type { Problem } from './config-problem.js';
import type { GoodValues } from './config-schema.js';
import { LONGEST_OPENING } from './door.js';
import { unguarded } from './guard.js';
import { coversPorts, formatPortRange } from './port-range.js';
import { isPlaceholder, miswrittenIn, PLACEHOLDERS, placeholdersIn } from './template.js';

/** Checks what a config says across its tables, but for the clients: duplicates, placeholders. */
export function checkTables(tables: GoodValues): Problem[] {
  return [
    ...checkCapture(tables),
    ...checkGuard(tables),
    ...checkCluster(tables),
    ...checkCodes(tables),
    ...checkActions(tables),
  ];
}

function checkCapture({ capture }: GoodValues): Problem[] {
  const { interface: names = [], backend, destination } = capture;
  const problems: Problem[] = [];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) problems.push({ key: 'capture.interface', reason: `has "${twice}" twice` });
  if (names.length > 1 && names.includes('any')) {
    problems.push({ key: 'capture.interface', reason: '"any" stands for all of them: write it alone' });
  }
  if (backend === 'raw-socket' && destination !== undefined) {
    problems.push({
      key: 'capture.destination',
      reason: 'needs the backend "pcap": a raw socket shows only what is for this host',
    });
  }
  return problems;
}

/** Whether the guard closes what actions open, and leaves open what the daemon has to hear. */
function checkGuard({ actions, capture, guard: { ports: closed } }: GoodValues): Problem[] {
  if (closed === undefined) return [];
  const problems = Object.entries(actions).flatMap(([name, { allow = [] }]) =>
    unguarded(closed, allow).map((ports) => ({
      key: `actions.${name}.allow`,
      reason: `${formatPortRange(ports)} is not closed, so there is nothing to open: add it to guard.ports`,
    })),
  );
  const { backend, port } = capture;
  if (backend !== 'raw-socket' || port === undefined) return problems;
  const ours = { transport: 'udp', first: port, last: port } as const;
  if (closed.some((range) => coversPorts(range, ours))) {
    const reason = `${formatPortRange(ours)} is where packets arrive, and a raw socket hears only what a firewall lets in`;
    problems.push({ key: 'guard.ports', reason });
  }
  return problems;
}

/** Whether the addresses of the cluster's store are those of one store. */
function checkCluster({ cluster }: GoodValues): Problem[] {
  const { url: urls = [], sentinel, ca_file: authorities, password_file: password } = cluster ?? {};
  const kinds = new Set(urls.map(({ tls, user, database }) => `${tls} ${user ?? ''} ${database}`));
  const problems: Problem[] = [];
  if (kinds.size > 1)
    problems.push({ key: 'cluster.url', reason: 'has URLs that differ in more than host and port' });
  if (urls.length > 1 && sentinel === undefined && urls.some(({ database }) => database !== 0))
    problems.push({ key: 'cluster.url', reason: 'names a database, and a Redis Cluster has but one' });
  if (password === undefined && urls.some(({ user }) => user !== undefined)) {
    const reason = 'is missing: the user in cluster.url is asked for a password';
    problems.push({ key: 'cluster.password_file', reason });
  }
  if (authorities !== undefined && urls.some(({ tls }) => !tls))
    problems.push({ key: 'cluster.ca_file', reason: 'needs a URL that begins with rediss://' });
  return problems;
}

function checkCodes({ actions }: GoodValues): Problem[] {
  const owners = new Map<number, string>();
  const problems: Problem[] = [];
  for (const [name, { code }] of Object.entries(actions)) {
    if (code === undefined) continue;
    const owner = owners.get(code);
    if (owner === undefined) owners.set(code, name);
    else
      problems.push({
        key: `actions.${name}.code`,
        reason: `${code} is the code of actions.${owner} already`,
      });
  }
  return problems;
}

function checkActions({ actions }: GoodValues): Problem[] {
  return Object.entries(actions).flatMap(([name, action]) => {
    const { run, stop, argument } = action;
    const problems = [
      ...checkCommand(`actions.${name}.run`, run ?? []),
      ...checkCommand(`actions.${name}.stop`, stop ?? []),
    ];
    if (argument === undefined && placeholdersIn([...(run ?? []), ...(stop ?? [])]).includes('argument')) {
      problems.push({
        key: `actions.${name}.argument`,
        reason: 'is missing: {argument} needs a pattern that the whole argument matches',
      });
    }
    for (const key of ['for', 'max'] as const) {
      const seconds = action[key] ?? 0;
      if ((action.allow ?? action.set) !== undefined && seconds > LONGEST_OPENING) {
        problems.push({
          key: `actions.${name}.${key}`,
          reason: 'is longer than the kernel can count: at most "49d"',
        });
      }
    }
    if ((action.max ?? Infinity) < (action.for ?? 0)) {
      problems.push({ key: `actions.${name}.max`, reason: 'is shorter than "for"' });
    }
    return problems;
  });
}

function checkCommand(key: string, argv: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const [program = '/'] = argv;
  if (!program.startsWith('/'))
    problems.push({ key, reason: `the program "${program}" is not an absolute path` });
  for (const placeholder of new Set([...placeholdersIn(argv), ...miswrittenIn(argv)])) {
    if (isPlaceholder(placeholder)) continue;
    const known = PLACEHOLDERS.map((word) => `{${word}}`).join(' ');
    problems.push({ key, reason: `unknown placeholder {${placeholder}}; known are ${known}` });
  }
  if (placeholdersIn([shellLineIn(argv)]).length > 0) {
    problems.push({
      key,
      reason:
        'a placeholder in a line for a shell would be read as part of it: pass it as a word of its own, and write "$0", "$1", ... in the line',
    });
  }
  return problems;
}

/** The line that a shell is to read, such as LINE in `bash -e -o pipefail -c LINE`; empty if there is none. */
function shellLineIn([program = '', ...words]: readonly string[]): string {
  if (!/\/(ba|da|k|z|a)?sh$/.test(program)) return '';
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (/^[-+][oO]$/.test(word))
      at++; // the next one is its value
    else if (/^-[A-Za-z]*c[A-Za-z]*$/.test(word))
      return words.slice(at + 1).find((next) => !/^[-+]/.test(next)) ?? '';
    else if (!/^[-+]/.test(word)) return ''; // the file of a script
  }
  return '';
}

/**
 * Checks what a file says about a client.
 * @param isConfig whether it is the config itself, which anybody may read, and not a file of clients_dir
 */
export function checkClient(
  name: string,
  client: Partial<ClientTable>,
  { actions }: Pick<GoodValues, 'actions'>,
  isConfig: boolean,
): Problem[] {
  const problems: Problem[] = [];
  for (const action of client.actions ?? []) {
    if (Object.hasOwn(actions, action)) continue;
    problems.push({ key: `clients.${name}.actions`, reason: `there is no action "${action}"` });
  }
  if (isConfig) problems.push(...exposedSeeds(name, client));
  return problems;
}

function exposedSeeds(name: string, client: Partial<ClientTable>): Problem[] {
  const exposed = (['seed', 'previous_seed'] as const).filter((key) => client[key] !== undefined);
  return exposed.map((key) => ({
    key: `clients.${name}.${key}`,
    reason: 'is a secret: write it into a file of server.clients_dir, of mode 0600',
  }));
}
