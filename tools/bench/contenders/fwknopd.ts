import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Installation } from '../../../test/support/installation.js';
import type { Arena } from '../arena.js';
import { kill, RANDOM_JUNK, type Conditions, type Contender, type Listener } from '../contender.js';
import { untilListening } from '../listening.js';

const PORT = 62_201;

/** It looks every 100 ms, and then takes only the last of what has come. */
const PAUSE = 125;

export const fwknopd: Contender = { name: 'fwknopd', label: 'fwknopd', pause: PAUSE, start };

async function start(arena: Arena, { clients }: Conditions): Promise<Listener> {
  const { installation } = arena;
  configure(arena, clients);
  const began = performance.now();
  const { config, access, run } = paths(installation);
  const state = ['-r', run, '-p', `${run}/fwknopd.pid`, '-d', `${run}/digest.cache`];
  const child = arena.start(['fwknopd', '--foreground', '-c', config, '-a', access, ...state]);
  return {
    startMilliseconds: await untilListening(arena, child, began),
    port: PORT,
    requests: (count) => packets(installation, count).map((payload) => [{ port: PORT, payload }]),
    // It looks at the length and the letters before anything else.
    junk: (kind) =>
      kind === 'random' ? RANDOM_JUNK : kind === 'right length' ? { shape: 'text', head: '' } : undefined,
    stop: () => kill(child),
  };
}

function paths(installation: Installation) {
  return {
    config: installation.path('fwknopd.conf'),
    access: installation.path('access.conf'),
    run: installation.path('fwknopd.run'),
    profile: installation.path('fwknoprc'),
  };
}

/** Each client has keys of its own. The one that sends is in the middle: stanzas are tried in their order. */
function configure({ installation, network, programs, actions }: Arena, clients: number): void {
  const { config, access, run, profile } = paths(installation);
  const stanzas = Array.from(
    { length: clients },
    () => `KEY_BASE64 ${randomBytes(32).toString('base64')}
HMAC_KEY_BASE64 ${randomBytes(64).toString('base64')}
`,
  );
  const around = (stanza: string): string => `SOURCE ANY
${stanza}CMD_CYCLE_OPEN ${programs.action} ${actions.path}
CMD_CYCLE_CLOSE NONE
`;
  mkdirSync(run, { mode: 0o700 });
  writeFileSync(
    config,
    `PCAP_INTF ${network.server.interface};\nPCAP_FILTER udp dst port ${PORT};\nFWKNOP_RUN_DIR ${run};\n`,
    { mode: 0o600 },
  );
  writeFileSync(access, stanzas.map(around).join('\n'), { mode: 0o600 });
  writeFileSync(
    profile,
    `[default]
ACCESS tcp/22
SPA_SERVER ${network.server.ipv4}
SPA_SERVER_PORT ${PORT}
ALLOW_IP ${network.client.ipv4}
USE_HMAC Y
${stanzas[Math.floor(clients / 2)] ?? ''}`,
    { mode: 0o600 },
  );
}

/** Words of the client's command line that name this profile and nothing of the user's. */
export function fwknopClient(installation: Installation): string[] {
  const { profile } = paths(installation);
  const nowhere = ['--no-home-dir', '-E', installation.path('fwknop.args')];
  return ['fwknop', '--rc-file', profile, '-n', 'default', ...nowhere];
}

/** Packets made by fwknop's own client, which can write them to a file. */
function packets(installation: Installation, count: number): Buffer[] {
  const file = installation.path('fwknop.packets');
  const [program = '', ...words] = fwknopClient(installation);
  for (let left = count; left > 0; left--) {
    execFileSync(program, [...words, '--test', '-b', '-B', file], { stdio: 'ignore' });
  }
  const made = installation.read('fwknop.packets').split('\n').filter(Boolean);
  rmSync(file);
  return made.map((line) => Buffer.from(line, 'ascii'));
}
