import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import {
  actionCode,
  deriveClientKeys,
  deriveGateSubkey,
  parseGateKey,
  parseSeed,
  serverId,
} from '@bouncer-spa/protocol';
import { formatAddress } from '@bouncer-spa/bouncer/dist/core/address.js';
import { ConfigError } from '@bouncer-spa/bouncer/dist/system/config-error.js';
import { loadConfig, type Config } from '@bouncer-spa/bouncer/dist/system/config-file.js';

/** The user `nobody`, who owns nothing. */
const NOBODY = 65_534;

const NAME_RULE = 'a name is 1 to 64 letters, digits, ".", "_" or "-", the first a letter or digit';
const NETWORK_FORM = 'is not a network such as 192.0.2.0/24 or 2001:db8::/32';
const DURATION_FORM = 'expected a duration such as "30s", "10m", "1h" or "7d"';
const DATE_FORM = 'expected a date such as 2027-06-30 or a time such as 2027-06-30T12:00:00Z, without quotes';
const PLACEHOLDERS = '{server} {client} {action} {code} {address} {source} {port} {duration} {argument}';

/** The parts of a config that a case has otherwise than the good one. */
interface Parts {
  readonly server?: string;
  readonly capture?: string;
  /** Other tables. */
  readonly more?: string;
  readonly actions?: string;
  readonly clients?: string;
  /** Instead of all of them. */
  readonly whole?: string | Uint8Array;
}

const GOOD = {
  server: 'id = "gw1.example.net"\ngate_key_file = "gate.key"\nstate_dir = "state"',
  capture: 'port = 51324',
  more: '',
  actions: '[actions.ssh]\ncode = 21\nrun = ["/bin/true"]',
  clients: '[clients.alice]\nseed_file = "alice.seed"\nactions = ["ssh"]',
} as const;

/** The folder of a config, with a gate key and a seed. */
class Folder {
  readonly path: string;
  readonly config: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), 'bouncer-config-'));
    this.config = this.file('bouncer.toml');
    for (const name of ['gate.key', 'alice.seed']) this.writeSecret(name);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  writeSecret(name: string, text = `${randomBytes(32).toString('hex')}\n`): void {
    write(this.file(name), text, 0o600);
  }

  /** Writes the config, in which FOLDER stands for this folder. */
  writeConfig(parts: Parts = {}): void {
    const { server: id, capture: listening, more, actions, clients } = { ...GOOD, ...parts };
    const tables = ['[server]', id, '[capture]', listening, more, actions, clients].join('\n');
    write(this.config, parts.whole ?? tables.replaceAll('FOLDER', this.path), 0o600);
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

interface Case {
  readonly what: string;
  readonly parts?: Parts;
  /** Makes the surroundings bad, in the folder of the config. */
  readonly prepare?: (folder: Folder) => void;
  /** Only root can make them so bad. */
  readonly root?: boolean;
  /** The lines without the config's name; FOLDER stands for the folder that it is in. */
  readonly says: readonly string[];
}

function server(text: string): Parts {
  return { server: text };
}

function capture(text: string): Parts {
  return { capture: `${GOOD.capture}\n${text}` };
}

function action(text: string): Parts {
  return { actions: `${GOOD.actions}\n${text}` };
}

/** An action that does this alone. */
function doing(text: string): Parts {
  const guard = '[guard]\nports = ["tcp/22", "udp/60000-61000"]';
  return { actions: `${guard}\n[actions.ssh]\ncode = 21\n${text}` };
}

function running(...argv: string[]): Parts {
  return { actions: `[actions.ssh]\ncode = 21\nargument = ".*"\nrun = ${JSON.stringify(argv)}` };
}

function client(text: string): Parts {
  return { clients: `${GOOD.clients}\n${text}` };
}

/** Writes a file as it is to be, whatever the umask says. */
function write(path: string, content: string | Uint8Array, mode: number): void {
  writeFileSync(path, content);
  chmodSync(path, mode);
}

/** What can be wrong with a file that holds a secret, and what is said after its name. */
const BAD_SECRETS: readonly (readonly [what: string, spoil: (path: string) => void, says: string])[] = [
  ['is missing', rmSync, ' does not exist'],
  [
    'can be read by its group',
    (path) => {
      chmodSync(path, 0o640);
    },
    ' has mode 0640, so others can read it: chmod 600 FILE',
  ],
  [
    'can be read by everybody',
    (path) => {
      chmodSync(path, 0o604);
    },
    ' has mode 0604, so others can read it: chmod 600 FILE',
  ],
  [
    'belongs to somebody else',
    (path) => {
      chownSync(path, NOBODY, NOBODY);
    },
    ` belongs to user ${NOBODY}; only root may own it: chown root FILE`,
  ],
  [
    'is far too long',
    (path) => {
      writeFileSync(path, 'a'.repeat(1_025));
    },
    ' is larger than 1024 bytes',
  ],
  [
    'is too long',
    (path) => {
      writeFileSync(path, 'a'.repeat(65));
    },
    ': KIND expected 64 hexadecimal digits, got 65',
  ],
  [
    'is too short',
    (path) => {
      writeFileSync(path, 'a'.repeat(63));
    },
    ': KIND expected 64 hexadecimal digits, got 63',
  ],
  [
    'is empty',
    (path) => {
      writeFileSync(path, '');
    },
    ': KIND expected 64 hexadecimal digits, got 0',
  ],
  [
    'has a digit that is none',
    (path) => {
      writeFileSync(path, `${'a'.repeat(63)}g\n`);
    },
    ': KIND expected 64 hexadecimal digits, got other characters',
  ],
  [
    'ends its line as on Windows',
    (path) => {
      writeFileSync(path, `${'a'.repeat(64)}\r\n`);
    },
    ': KIND expected 64 hexadecimal digits, got other characters',
  ],
  [
    'has a second line',
    (path) => {
      writeFileSync(path, `${'a'.repeat(64)}\n\n`);
    },
    ': KIND expected 64 hexadecimal digits, got other characters',
  ],
  [
    'holds the bytes themselves',
    (path) => {
      writeFileSync(path, Buffer.alloc(32, 0xfe));
    },
    ': KIND expected 64 hexadecimal digits, got other characters',
  ],
  [
    'is a folder',
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
    ' is not a regular file',
  ],
  [
    'is a named pipe',
    (path) => {
      rmSync(path);
      execFileSync('mkfifo', [path]);
    },
    ' is not a regular file',
  ],
];

function badSecrets(file: string, key: string, kind: string): Case[] {
  return BAD_SECRETS.map(([what, spoil, says]) => ({
    what: `a file for ${key} that ${what}`,
    prepare: (folder) => {
      spoil(folder.file(file));
    },
    says: [`${key}: FOLDER/${file}${says.replace('FILE', `FOLDER/${file}`).replace('KIND', kind)}`],
    root: what.includes('somebody else'),
  }));
}

/** The config itself is bad, so that nothing in it is looked at. */
const BAD_FILES: readonly Case[] = [
  {
    what: 'a config that is missing',
    prepare: ({ config }) => {
      rmSync(config);
    },
    says: ['does not exist: bouncer init writes a first one'],
  },
  {
    what: 'a config that is a folder',
    prepare: ({ config }) => {
      rmSync(config);
      mkdirSync(config);
    },
    says: ['is not a regular file'],
  },
  {
    what: 'a config that its group can change',
    prepare: ({ config }) => {
      chmodSync(config, 0o660);
    },
    says: ['has mode 0660, so others can change it: chmod go-w FOLDER/bouncer.toml'],
  },
  {
    what: 'a config that everybody can change',
    prepare: ({ config }) => {
      chmodSync(config, 0o602);
    },
    says: ['has mode 0602, so others can change it: chmod go-w FOLDER/bouncer.toml'],
  },
  {
    what: 'a config of somebody else',
    prepare: ({ config }) => {
      chownSync(config, NOBODY, NOBODY);
    },
    says: [`belongs to user ${NOBODY}; only root may own it: chown root FOLDER/bouncer.toml`],
    root: true,
  },
];

/** Each has one thing wrong, or several of the same kind. */
const CASES: readonly Case[] = [
  ...BAD_FILES,
  { what: 'an empty config', parts: { whole: '' }, says: ['server: is missing', 'capture: is missing'] },
  {
    what: 'keys that are missing',
    parts: { server: '', capture: '', actions: '[actions.ssh]', clients: '[clients.alice]' },
    says: [
      'server.id: is missing',
      'server.gate_key_file: is missing',
      'server.state_dir: is missing',
      'capture.port: is missing',
      'actions.ssh.code: is missing',
      'actions.ssh: does nothing: it needs one of "run", "allow", "set"',
      'clients.alice.actions: is missing',
      'clients.alice.seed_file: is missing',
    ],
  },
  {
    what: 'keys that are unknown',
    parts: {
      ...server(`${GOOD.server}\nstatedir = "x"`),
      more: '[sever]\n',
      actions: `${GOOD.actions}\ncommand = "x"`,
      clients: `${GOOD.clients}\nsecret = "x"`,
    },
    says: [
      'server.statedir: unknown key',
      'actions.ssh.command: unknown key',
      'clients.alice.secret: unknown key',
      'sever: unknown key',
    ],
  },
  {
    what: 'tables that are none',
    parts: { whole: 'server = 1\ncapture = "x"\nlimits = 1\nlog = 2\nactions = "x"\nclients = 3\n' },
    says: ['server', 'capture', 'limits', 'log', 'actions', 'clients'].map(
      (key) => `${key}: expected a table`,
    ),
  },
  {
    what: 'an action and a client that are no tables',
    parts: { actions: '[actions]\nssh = 1', clients: '[clients]\nalice = "x"' },
    says: ['actions.ssh: expected a table', 'clients.alice: expected a table'],
  },
  {
    what: 'values of a wrong type',
    parts: {
      ...server('id = 5\ngate_key_file = true\nstate_dir = ["x"]'),
      capture: 'port = "51324"\ndelta = 2.5\ninterface = 1\nuser = 65534',
      more: '[limits]\nrunning = "a"\n[lockout]\nafter = "20"\nwithin = 60\nexcept = "10.0.0.0/8"\n[log]\nlevel = 1\nrejects_per_minute = "20"\nfile = ""\nsyslog = "mail"',
      actions: '[actions.ssh]\ncode = "21"\nrun = "/bin/true"\ntimeout = 30\nfor = 10\nargument = true',
      clients: '[clients.alice]\nseed_file = 1\nactions = "ssh"\nfrom = "10.0.0.0/8"\nbind = true',
    },
    says: [
      'server.id: expected a text in quotes',
      'server.gate_key_file: expected a text in quotes',
      'server.state_dir: expected a text in quotes',
      'capture.interface: expected a text in quotes',
      'capture.port: expected a whole number from 1 to 65535',
      'capture.delta: expected a whole number from 0 to 10',
      'capture.user: expected a text in quotes',
      'limits.running: expected a whole number from 1 to 1024',
      'lockout.after: expected a whole number from 1 to 10000',
      'lockout.within: expected a text in quotes',
      'lockout.except: expected a list in square brackets',
      'log.level: expected one of "debug", "info", "warn", "error"',
      'log.rejects_per_minute: expected a whole number from 0 to 10000',
      'log.file: is empty',
      'log.syslog: expected one of "user", "daemon", "auth", "authpriv", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"',
      'actions.ssh.code: expected a whole number from 0 to 65535',
      'actions.ssh.run: expected a list in square brackets',
      'actions.ssh.timeout: expected a text in quotes',
      'actions.ssh.argument: expected a text in quotes',
      'actions.ssh.for: expected a text in quotes',
      'clients.alice.seed_file: expected a text in quotes',
      'clients.alice.actions: expected a list in square brackets',
      'clients.alice.from: expected a list in square brackets',
      'clients.alice.bind: expected one of "source", "strict", "any"',
    ],
  },
  {
    what: 'numbers out of their range',
    parts: {
      capture: 'port = 0\ndelta = 11',
      more: '[limits]\nrunning = 0\n[lockout]\nafter = 0\n[log]\nrejects_per_minute = 10001',
      actions: '[actions.ssh]\ncode = 65536\nrun = ["/bin/true"]',
    },
    says: [
      'capture.port: expected a whole number from 1 to 65535',
      'capture.delta: expected a whole number from 0 to 10',
      'limits.running: expected a whole number from 1 to 1024',
      'lockout.after: expected a whole number from 1 to 10000',
      'log.rejects_per_minute: expected a whole number from 0 to 10000',
      'actions.ssh.code: expected a whole number from 0 to 65535',
    ],
  },
  {
    what: 'numbers below their range, and one that is too large',
    parts: {
      capture: 'port = 65536\ndelta = -1',
      more: '[limits]\nrunning = 1025\n[log]\nrejects_per_minute = -1',
      actions: '[actions.ssh]\ncode = -1\nrun = ["/bin/true"]',
    },
    says: [
      'capture.port: expected a whole number from 1 to 65535',
      'capture.delta: expected a whole number from 0 to 10',
      'limits.running: expected a whole number from 1 to 1024',
      'log.rejects_per_minute: expected a whole number from 0 to 10000',
      'actions.ssh.code: expected a whole number from 0 to 65535',
    ],
  },
  {
    what: 'texts that are empty',
    parts: {
      ...server('id = ""\ngate_key_file = ""\nstate_dir = ""'),
      actions: '[actions.ssh]\ncode = 21\nrun = []',
      clients: '[clients.alice]\nseed_file = ""\nactions = [""]',
    },
    says: [
      'server.id: is empty',
      'server.gate_key_file: is empty',
      'server.state_dir: is empty',
      'actions.ssh.run: is empty: the first word is the program',
      'clients.alice.seed_file: is empty',
      'clients.alice.actions.0: is empty',
    ],
  },
  {
    what: 'a server id with a space',
    parts: server('id = "gw 1"\ngate_key_file = "gate.key"\nstate_dir = "state"'),
    says: ['server.id: server id expected only letters, digits, "." "_" and "-"'],
  },
  {
    what: 'a server id that is too long',
    parts: server(`id = "${'x'.repeat(65)}"\ngate_key_file = "gate.key"\nstate_dir = "state"`),
    says: ['server.id: server id expected 1 to 64 characters, got 65'],
  },
  {
    what: 'an interface that can be none',
    parts: capture('interface = "eth0 eth1"'),
    says: ['capture.interface: expected the name of a network interface, or "any"'],
  },
  {
    what: 'a list of interfaces in which one can be none',
    parts: capture('interface = ["eth0", "eth1/2"]'),
    says: ['capture.interface.1: expected the name of a network interface, or "any"'],
  },
  {
    what: 'no interface at all',
    parts: capture('interface = []'),
    says: ['capture.interface: is empty: nothing would be heard'],
  },
  {
    what: 'an interface twice',
    parts: capture('interface = ["eth0", "wg0", "eth0"]'),
    says: ['capture.interface: has "eth0" twice'],
  },
  {
    what: 'any interface and one of them',
    parts: capture('interface = ["eth0", "any"]'),
    says: ['capture.interface: "any" stands for all of them: write it alone'],
  },
  {
    what: 'a destination that is no network, and one with host bits',
    parts: capture('destination = ["gw1.example.net", "192.0.2.1/24"]'),
    says: [
      'capture.destination.0: "gw1.example.net" is not a network such as 192.0.2.0/24 or 2001:db8::/32',
      'capture.destination.1: "192.0.2.1/24" has bits set behind the first 24',
    ],
  },
  {
    what: 'no destination at all',
    parts: capture('destination = []'),
    says: ['capture.destination: is empty: nothing would be accepted'],
  },
  {
    what: 'a destination for a raw socket',
    parts: capture('backend = "raw-socket"\ndestination = ["192.0.2.1"]'),
    says: ['capture.destination: needs the backend "pcap": a raw socket shows only what is for this host'],
  },
  {
    what: 'another backend',
    parts: capture('backend = "af-packet"'),
    says: ['capture.backend: expected one of "pcap", "raw-socket"'],
  },
  {
    what: 'durations of other forms',
    parts: {
      actions: [
        ['a', '0s'],
        ['b', '5 s'],
        ['c', '1w'],
        ['d', '-1s'],
        ['e', '1.5h'],
        ['f', '30'],
        ['g', '99999999999s'],
      ]
        .map(([name = '', duration = ''], index) =>
          [`[actions.${name}]`, `code = ${index}`, 'run = ["/bin/true"]', `for = "${duration}"`].join('\n'),
        )
        .join('\n'),
      clients: '',
    },
    says: ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `actions.${name}.for: ${DURATION_FORM}`),
  },
  {
    what: 'a time limit of more than a day',
    parts: action('timeout = "25h"'),
    says: ['actions.ssh.timeout: expected at most "1d"'],
  },
  {
    what: 'a longest duration without an ordinary one',
    parts: action('max = "10m"'),
    says: ['actions.ssh.max: needs "for", the duration when none is asked for'],
  },
  {
    what: 'an action that does nothing',
    parts: doing('for = "1h"'),
    says: ['actions.ssh: does nothing: it needs one of "run", "allow", "set"'],
  },
  ...(
    [
      ['allow = ["tcp/22"]', 'allow', 'run'],
      ['set = "inet filter mysshset"', 'set', 'run'],
    ] as const
  ).map(([text, key, other]) => ({
    what: `an action that has ${key} beside ${other}`,
    parts: { ...action(`for = "1h"\n${text}`), more: '[guard]\nports = ["tcp/22"]' },
    says: [`actions.ssh.${key}: "${other}" is there too; an action has one of "run", "allow", "set"`],
  })),
  {
    what: 'ports to open, without an end',
    parts: doing('allow = ["tcp/22"]'),
    says: ['actions.ssh.allow: needs "for", after which it ends'],
  },
  {
    what: 'a set to add to, without an end',
    parts: doing('set = "inet filter mysshset"'),
    says: ['actions.ssh.set: needs "for", after which it ends'],
  },
  {
    what: 'openings that are longer than the kernel can count',
    parts: doing('allow = ["tcp/22"]\nfor = "50d"\nmax = "51d"'),
    says: ['for', 'max'].map(
      (key) => `actions.ssh.${key}: is longer than the kernel can count: at most "49d"`,
    ),
  },
  {
    what: 'a stop without an end or a run',
    parts: doing('allow = ["tcp/22"]\nfor = "1h"\nstop = ["/bin/true"]'),
    says: ['actions.ssh.stop: needs "run", which it undoes'],
  },
  {
    what: 'a stop of what has no end',
    parts: action('stop = ["/bin/true"]'),
    says: ['actions.ssh.stop: needs "for", after which it runs'],
  },
  {
    what: 'keys of a program where there is none',
    parts: doing('allow = ["tcp/22"]\nfor = "1h"\ntimeout = "10s"\nargument = "a"'),
    says: [
      'actions.ssh.timeout: needs "run", whose time it limits',
      'actions.ssh.argument: needs "run", which it is passed to',
    ],
  },
  {
    what: 'a stop that cannot be run',
    parts: action('for = "1h"\nstop = ["/no/such/program", "{ip}", "{argument}"]'),
    says: [
      `actions.ssh.stop: unknown placeholder {ip}; known are ${PLACEHOLDERS}`,
      'actions.ssh.argument: is missing: {argument} needs a pattern that the whole argument matches',
      'actions.ssh.stop: /no/such/program does not exist',
    ],
  },
  {
    what: 'ports to open that are not closed',
    parts: doing('allow = ["tcp/22", "udp/60000-62000", "tcp/23"]\nfor = "1h"'),
    says: ['udp/60000-62000', 'tcp/23'].map(
      (ports) =>
        `actions.ssh.allow: ${ports} is not closed, so there is nothing to open: add it to guard.ports`,
    ),
  },
  {
    what: 'a guard before a raw socket',
    parts: { capture: 'port = 51324\nbackend = "raw-socket"\n[guard]\nports = ["udp/51000-52000"]' },
    says: [
      'guard.ports: udp/51324 is where packets arrive, and a raw socket hears only what a firewall lets in',
    ],
  },
  {
    what: 'a guard that is none',
    parts: { more: '[guard]\nports = ["22"]\non_stop = "maybe"' },
    says: [
      'guard.ports.0: "22" is no port such as "tcp/22" or "udp/60000-61000"',
      'guard.on_stop: expected one of "closed", "open"',
    ],
  },
  {
    what: 'ports and sets that are none',
    parts: {
      actions: `[actions.ssh]
code = 21
for = "1h"
allow = ["22", "tcp/0"]
[actions.mine]
code = 22
for = "1h"
set = ["filter ssh", 5]
[actions.nothing]
code = 23
for = "1h"
allow = []
[actions.one]
code = 24
for = "1h"
set = 5`,
    },
    says: [
      'actions.ssh.allow.0: "22" is no port such as "tcp/22" or "udp/60000-61000"',
      'actions.ssh.allow.1: "tcp/0" has a port that is not from 1 to 65535',
      'actions.mine.set.0: "filter ssh" is no set such as "inet filter mysshset": family (inet, ip, ip6), table, name',
      'actions.mine.set.1: expected a text in quotes',
      'actions.nothing.allow: is empty',
      'actions.one.set: expected a text in quotes',
    ],
  },
  {
    what: 'limits of a client that are none',
    parts: client('max = 30\ngrants = 0'),
    says: [
      'clients.alice.max: expected a text in quotes',
      'clients.alice.grants: expected a whole number from 1 to 10000',
    ],
  },
  {
    what: 'a longest duration that is shorter than the ordinary one',
    parts: action('for = "10m"\nmax = "9m"'),
    says: ['actions.ssh.max: is shorter than "for"'],
  },
  {
    what: 'two actions with one code',
    parts: action('[actions.mail]\ncode = 21\nrun = ["/bin/true"]'),
    says: ['actions.mail.code: 21 is the code of actions.ssh already'],
  },
  {
    what: 'networks of other forms',
    parts: client(`from = [
      "10.0.0.1/8", "2001:db8::1/32", "0.0.0.0/33", "2001:db8::/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1",
      "10.0.0.0/8/8", "10.0.0", "010.0.0.0/8", "0x7f.0.0.1", "fe80::%eth0/10", "host.example.net", " 10.0.0.0/8", "", 5,
    ]`),
    says: [
      '"10.0.0.1/8" has bits set behind the first 8',
      '"2001:db8::1/32" has bits set behind the first 32',
      '"0.0.0.0/33" has more than 32 bits',
      '"2001:db8::/129" has more than 128 bits',
      '"10.0.0.0/" has no number of bits after the slash',
      '"10.0.0.0/x" has no number of bits after the slash',
      '"10.0.0.0/-1" has no number of bits after the slash',
      `"10.0.0.0/8/8" ${NETWORK_FORM}`,
      `"10.0.0" ${NETWORK_FORM}`,
      `"010.0.0.0/8" ${NETWORK_FORM}`,
      `"0x7f.0.0.1" ${NETWORK_FORM}`,
      `"fe80::%eth0/10" ${NETWORK_FORM}`,
      `"host.example.net" ${NETWORK_FORM}`,
      `" 10.0.0.0/8" ${NETWORK_FORM}`,
      'is empty',
      'expected a text in quotes',
    ].map((reason, index) => `clients.alice.from.${index}: ${reason}`),
  },
  {
    what: 'names that are none',
    parts: {
      actions: `${GOOD.actions}\n${['a b', '-a', 'x'.repeat(65)]
        .map((name, index) => `[actions."${name}"]\ncode = ${index}\nrun = ["/bin/true"]`)
        .join('\n')}`,
      clients: `${GOOD.clients}\n[clients."ü"]\nseed_file = "x"\nactions = []\n`,
    },
    says: [
      `actions.a b: ${NAME_RULE}`,
      `actions.-a: ${NAME_RULE}`,
      `actions.${'x'.repeat(65)}: ${NAME_RULE}`,
      `clients.ü: ${NAME_RULE}`,
      'clients.ü.seed_file: FOLDER/x does not exist',
    ],
  },
  {
    what: 'a client with an action that is unknown',
    parts: { clients: '[clients.alice]\nseed_file = "alice.seed"\nactions = ["ssh", "shh", "toString"]' },
    says: [
      'clients.alice.actions: there is no action "shh"',
      'clients.alice.actions: there is no action "toString"',
    ],
  },
  {
    what: 'a placeholder in capitals',
    parts: running('/bin/true', '{Address}', '${ADDRESS}'),
    says: [
      'actions.ssh.run: unknown placeholder {Address}; known are {server} {client} {action} {code} {address} {source} {port} {duration} {argument}',
    ],
  },
  {
    what: 'a placeholder in a line for a shell',
    parts: running('/bin/sh', '-ec', 'echo {address}'),
    says: [
      'actions.ssh.run: a placeholder in a line for a shell would be read as part of it: pass it as a word of its own, and write "$0", "$1", ... in the line',
    ],
  },
  {
    what: 'a NUL character in a command',
    parts: { actions: '[actions.ssh]\ncode = 21\nrun = ["/bin/true", "\\u0000"]' },
    says: ['actions.ssh.run.1: has a NUL character'],
  },
  {
    what: 'a program in a folder that others can write to',
    prepare: (folder) => {
      mkdirSync(folder.file('open'));
      copyFileSync('/bin/true', folder.file('open/program'));
      chmodSync(folder.file('open'), 0o777);
      folder.writeConfig(running(folder.file('open/program')));
    },
    says: [
      'actions.ssh.run: FOLDER/open/program is below FOLDER/open, which others can write to: chmod go-w FOLDER/open',
    ],
  },
  {
    what: 'a placeholder that is unknown',
    parts: running('/bin/true', '--ip={ip}', '{address}'),
    says: [`actions.ssh.run: unknown placeholder {ip}; known are ${PLACEHOLDERS}`],
  },
  {
    what: 'an argument that no pattern keeps in bounds',
    parts: { actions: '[actions.ssh]\ncode = 21\nrun = ["/bin/true", "{argument}"]' },
    says: ['actions.ssh.argument: is missing: {argument} needs a pattern that the whole argument matches'],
  },
  ...['[a-z', 'a)(b', 'a)|(b', '*'].map((pattern) => ({
    what: `the pattern ${pattern}`,
    parts: action(`argument = '${pattern}'`),
    says: ['actions.ssh.argument: is not a regular expression'],
  })),
  {
    what: 'a program whose path is relative',
    parts: running('true'),
    says: ['actions.ssh.run: the program "true" is not an absolute path'],
  },
  {
    what: 'a program that the packet would choose',
    parts: running('{argument}'),
    says: ['actions.ssh.run: the program "{argument}" is not an absolute path'],
  },
  {
    what: 'a program that is missing',
    parts: running('/no/such/program'),
    says: ['actions.ssh.run: /no/such/program does not exist'],
  },
  {
    what: 'a program that is a folder',
    parts: running('/bin'),
    says: ['actions.ssh.run: /bin is not a regular file'],
  },
  {
    what: 'a program that is not executable',
    parts: running('FOLDER/program'),
    prepare: (folder) => {
      write(folder.file('program'), '', 0o644);
    },
    says: ['actions.ssh.run: FOLDER/program is not executable'],
  },
  {
    what: 'a program that others can change',
    parts: running('FOLDER/program'),
    prepare: (folder) => {
      write(folder.file('program'), '', 0o775);
    },
    says: [
      'actions.ssh.run: FOLDER/program has mode 0775, so others can change it: chmod go-w FOLDER/program',
    ],
  },
  {
    what: 'a program of somebody else',
    parts: running('FOLDER/program'),
    prepare: (folder) => {
      write(folder.file('program'), '', 0o755);
      chownSync(folder.file('program'), NOBODY, NOBODY);
    },
    says: [
      `actions.ssh.run: FOLDER/program belongs to user ${NOBODY}; only root may own it: chown root FOLDER/program`,
    ],
    root: true,
  },
  {
    what: 'a program behind a link to what others can change',
    parts: running('FOLDER/link'),
    prepare: (folder) => {
      write(folder.file('program'), '', 0o777);
      symlinkSync(folder.file('program'), folder.file('link'));
    },
    says: ['actions.ssh.run: FOLDER/link has mode 0777, so others can change it: chmod go-w FOLDER/link'],
  },
  ...badSecrets('alice.seed', 'clients.alice.seed_file', 'seed'),
  ...badSecrets('gate.key', 'server.gate_key_file', 'gate key'),
  {
    what: 'two clients with one seed',
    parts: client('[clients.bob]\nseed_file = "copy.seed"\nactions = []'),
    prepare: (folder) => {
      // In other letters and without the line feed it is still the same.
      write(folder.file('copy.seed'), folder.read('alice.seed').trim().toUpperCase(), 0o600);
    },
    says: ['clients.bob.seed_file: holds the same seed as that of clients.alice'],
  },
  {
    what: "a cluster's store that is none",
    parts: {
      more: `[cluster]
url = ["redis://gate:s3cret@one", "http://two", "redis://three"]
on_failure = "open"
password = "s3cret"`,
    },
    says: [
      'cluster.url.0: has a password in it: write that into a file of mode 0600, and name it as cluster.password_file',
      'cluster.url.1: expected a URL such as "rediss://valkey.example.net:6379"',
      'cluster.on_failure: expected one of "closed", "local"',
      'cluster.password: unknown key',
    ],
  },
  {
    what: "URLs of a cluster's store that do not belong together",
    parts: { more: '[cluster]\nurl = ["redis://one/1", "rediss://gate@two/1"]\nca_file = "ca.pem"' },
    prepare: (folder) => {
      write(folder.file('ca.pem'), 'none\n', 0o644);
    },
    says: [
      'cluster.url: has URLs that differ in more than host and port',
      'cluster.url: names a database, and a Redis Cluster has but one',
      'cluster.password_file: is missing: the user in cluster.url is asked for a password',
      'cluster.ca_file: needs a URL that begins with rediss://',
      'cluster.ca_file: FOLDER/ca.pem has no certificate in PEM',
    ],
  },
  {
    what: "a password of a cluster's store that others can read",
    parts: { more: '[cluster]\nurl = "redis://one"\npassword_file = "password"' },
    prepare: (folder) => {
      write(folder.file('password'), 's3cret\n', 0o644);
    },
    says: [
      'cluster.password_file: FOLDER/password has mode 0644, so others can read it: chmod 600 FOLDER/password',
    ],
  },
  {
    what: "a password of a cluster's store in several lines",
    parts: { more: '[cluster]\nurl = "redis://one"\npassword_file = "password"' },
    prepare: (folder) => {
      write(folder.file('password'), 'user\ns3cret\n', 0o600);
    },
    says: ['cluster.password_file: FOLDER/password has to have the password in its only line'],
  },
  {
    what: 'a user who does not exist',
    parts: capture('user = "nosuchuser"'),
    says: ['capture.user: there is no user "nosuchuser" in /etc/passwd'],
  },
  { what: 'root for the capture', parts: capture('user = "root"'), says: ['capture.user: must not be root'] },
  ...['2027-06-30T12:00:00', '12:00:00'].map((moment) => ({
    what: `the end ${moment}`,
    parts: client(`not_after = ${moment}`),
    says: ['clients.alice.not_after: needs a date, and a time needs an offset such as Z'],
  })),
  ...['"2027-06-30"', '2027', 'true'].map((moment) => ({
    what: `the end ${moment}`,
    parts: client(`not_after = ${moment}`),
    says: [`clients.alice.not_after: ${DATE_FORM}`],
  })),
];

describe('Reading a bad config', () => {
  let folder: Folder;

  beforeEach(() => {
    folder = new Folder();
  });

  afterEach(() => {
    folder.remove();
  });

  /** The lines that say what is wrong. */
  async function problems(file = folder.config): Promise<readonly string[]> {
    try {
      await loadConfig(file);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      expect(error.message).to.equal(error.lines.join('\n'));
      return error.lines;
    }
    throw new Error('the config was taken for good');
  }

  for (const { what, parts, prepare, says, root = false } of CASES) {
    it(`with ${what} tells what is wrong`, async function () {
      if (root && process.geteuid?.() !== 0) this.skip();
      folder.writeConfig(parts);
      prepare?.(folder);
      const lines = says.map((line) => `${folder.config}: ${line.replaceAll('FOLDER', folder.path)}`);
      expect(await problems()).to.deep.equal(lines);
    });
  }

  for (const [what, whole, line, reason] of [
    ['a value without quotes', '[server]\nid = gw1\n', 2, 'invalid value'],
    ['a table that is not closed', '\n\n[server\n', 3, 'illegal character in key'],
    [
      'a text that is not closed',
      '[server]\nid = "gw1\n',
      2,
      'control characters are not allowed in strings',
    ],
    [
      'a key twice',
      '[server]\nid = "a"\nid = "b"\n',
      3,
      'trying to redefine an already defined table or value',
    ],
    [
      'a table twice',
      '[server]\n[log]\n[server]\n',
      3,
      'trying to redefine an already defined table or value',
    ],
    ['a day that is none', 'x = 2027-13-01\n', 1, 'invalid date'],
    ['a day that its month does not have', '\nx = 2027-02-30\n', 2, 'there is no day 2027-02-30'],
    ['bytes that are no text', Uint8Array.of(0x5b, 0xff, 0xfe), 1, 'illegal character in key'],
  ] as const) {
    it(`with ${what} tells the line`, async () => {
      folder.writeConfig({ whole });
      expect(await problems()).to.deep.equal([`${folder.config} line ${line}: ${reason}`]);
    });
  }

  it('tells everything that is wrong at once', async () => {
    folder.writeConfig({
      server: 'id = "gw 1"\ngate_key_file = "no.key"\nstate_dir = "state"\nunknown = 1',
      capture: 'port = 0\nuser = "root"',
      more: '[log]\nlevel = "loud"',
      actions: `[actions.ssh]
code = 21
run = ["/no/such", "{ip}"]
max = "1h"
[actions.bad]
code = 21
run = []`,
      clients: `[clients.alice]
seed_file = "no.seed"
actions = ["nothing"]
not_after = 12:00:00
[clients.bob]
seed_file = "alice.seed"
actions = ["ssh"]
from = ["10.0.0.1/8"]`,
    });
    chmodSync(folder.file('alice.seed'), 0o644);
    const keys = (await problems()).map((line) => line.split(': ')[1]);
    expect(keys).to.include.members([
      'server.id',
      'server.gate_key_file',
      'server.unknown',
      'capture.port',
      'capture.user',
      'log.level',
      'actions.ssh.run',
      'actions.ssh.max',
      'actions.bad.run',
      'clients.alice.seed_file',
      'clients.alice.actions',
      'clients.alice.not_after',
      'clients.bob.seed_file',
      'clients.bob.from.0',
    ]);
  });

  it("refuses the gate key, which all clients know, as a client's seed", async () => {
    folder.writeConfig();
    folder.writeSecret('alice.seed', folder.read('gate.key'));
    expect((await problems()).join('\n')).to.match(/: clients\.alice\.seed_file: .*gate key/);
  });

  for (const key of ['seed_file', 'gate_key_file']) {
    it(`with a secret itself for ${key} does not show the secret`, async () => {
      const secret = 'c0ffee'.repeat(10) + 'c0de';
      const put = (text: string): string => text.replace(new RegExp(`${key} = .*`), `${key} = "${secret}"`);
      folder.writeConfig({ server: put(GOOD.server), clients: put(GOOD.clients) });
      const said = (await problems()).join('\n');
      expect(said).to.include(key);
      expect(said).to.not.include('c0ffeec0ffee');
    });
  }

  for (const name of ['constructor', 'prototype', '__proto__']) {
    it(`with what is wrong in a table named ${name} tells it like any other`, async () => {
      folder.writeConfig(client(`[clients.${name}]\nseed_file = 1`));
      expect((await problems()).join('\n')).to.include(`clients.${name}`);
    });
  }

  it('names the file as it was named, and the files in it by their whole path', async () => {
    folder.writeConfig();
    rmSync(folder.file('alice.seed'));
    const file = relative(process.cwd(), folder.config);
    expect(await problems(file)).to.deep.equal([
      `${file}: clients.alice.seed_file: ${folder.file('alice.seed')} does not exist`,
    ]);
  });
});

describe('Reading a good config', () => {
  let folder: Folder;

  beforeEach(() => {
    folder = new Folder();
  });

  afterEach(() => {
    folder.remove();
  });

  function load(parts: Parts = {}): Promise<Config> {
    folder.writeConfig(parts);
    return loadConfig(folder.config);
  }

  it('gives what is written, and what is usual for the rest', async () => {
    const { policy, capture: listening, stateFolder, mostRunning, log } = await load();
    const id = serverId('gw1.example.net');
    const [keys, expected] = [
      policy.clients[0]?.keys,
      deriveClientKeys(parseSeed(folder.read('alice.seed')), id),
    ];
    for (const name of ['locator', 'password', 'mac', 'encryption'] as const) {
      expect(keys?.[name], name).to.deep.equal(expected[name]);
    }
    expect(policy).to.deep.equal({
      serverId: id,
      gate: deriveGateSubkey(parseGateKey(folder.read('gate.key')), id),
      delta: 2,
      actions: [
        {
          name: 'ssh',
          code: actionCode(21),
          deed: { kind: 'run', run: ['/bin/true'], timeout: 30_000 },
          argument: undefined,
          duration: 0,
          maxDuration: 0,
        },
      ],
      clients: [
        {
          name: 'alice',
          keys,
          actions: new Set(['ssh']),
          from: policy.clients[0]?.from,
          notAfter: undefined,
          bind: 'source',
          maxDuration: undefined,
          mostGrants: 16,
        },
      ],
    });
    expect(listening).to.deep.include({
      backend: 'pcap',
      interfaces: ['any'],
      destination: undefined,
      port: 51_324,
    });
    expect(listening.user.uid).to.be.greaterThan(0);
    expect({ stateFolder, mostRunning, log }).to.deep.equal({
      stateFolder: folder.file('state'),
      mostRunning: 16,
      log: { level: 'info', rejectsPerMinute: 20, file: undefined, syslog: undefined },
    });
  });

  it('has a store only for a gateway of a cluster', async () => {
    expect(await load()).to.include({ cluster: undefined });
    write(folder.file('password'), 's3cret\n', 0o600);
    const table =
      '[cluster]\nurl = ["rediss://gate@one", "rediss://gate@two:1"]\npassword_file = "password"\n';
    const url = { tls: true, user: 'gate', database: 0 };
    const store = {
      urls: [
        { ...url, host: 'one', port: 6_379 },
        { ...url, host: 'two', port: 1 },
      ],
      kind: 'cluster',
      master: '',
      password: 's3cret',
      authorities: undefined,
    };
    const { cluster } = await load({ more: table });
    expect(cluster).to.deep.equal({ store, onFailure: 'closed' });
    const { cluster: other } = await load({ more: `${table}sentinel = "door"\non_failure = "local"` });
    expect(other).to.deep.equal({
      store: { ...store, kind: 'sentinel', master: 'door' },
      onFailure: 'local',
    });
  });

  it('lets a client come from everywhere unless it says otherwise', async () => {
    const ranges = async (parts?: Parts): Promise<string[]> => {
      const { policy } = await load(parts);
      return (policy.clients[0]?.from ?? []).map(({ address, bits }) => `${formatAddress(address)} ${bits}`);
    };
    expect(await ranges()).to.deep.equal(['0.0.0.0 96', ':: 0']);
    const from = 'from = ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1"]';
    expect(await ranges(client(from))).to.deep.equal([
      '10.0.0.0 104',
      '192.0.2.1 128',
      '2001:db8:: 32',
      '::1 128',
    ]);
  });

  for (const [text, end] of [
    // A day is over when it is over everywhere else too: at midnight UTC.
    ['2027-06-30', '2027-07-01T00:00:00Z'],
    ['2027-12-31', '2028-01-01T00:00:00Z'],
    ['2027-06-30T12:00:00Z', '2027-06-30T12:00:00Z'],
    ['2027-06-30 12:00:00+02:00', '2027-06-30T10:00:00Z'],
    ['2020-01-01', '2020-01-02T00:00:00Z'],
  ] as const) {
    it(`lets a client whose end is ${text} in until ${end}`, async () => {
      const { policy } = await load(client(`not_after = ${text}`));
      expect(new Date(policy.clients[0]?.notAfter ?? 0).toISOString()).to.equal(end.replace('Z', '.000Z'));
    });
  }

  it('reads durations and time limits', async () => {
    const { policy } = await load(action('timeout = "2m"\nfor = "1h"\nmax = "7d"'));
    expect(policy.actions[0]).to.deep.include({
      deed: { kind: 'run', run: ['/bin/true'], timeout: 120_000 },
      duration: 3_600,
      maxDuration: 604_800,
    });
  });

  it('reads what is run when a lease ends', async () => {
    const { policy } = await load(action('stop = ["/bin/false", "{address}"]\nfor = "1h"'));
    expect(policy.actions[0]?.deed).to.deep.equal({
      kind: 'lease',
      run: ['/bin/true'],
      stop: ['/bin/false', '{address}'],
      timeout: 30_000,
    });
  });

  it('reads ports to open', async () => {
    const { policy } = await load(doing('allow = ["tcp/22", "udp/60000-61000"]\nfor = "30s"'));
    expect(policy.actions[0]?.deed).to.deep.equal({
      kind: 'open',
      door: {
        kind: 'ports',
        ports: [
          { transport: 'tcp', first: 22, last: 22 },
          { transport: 'udp', first: 60_000, last: 61_000 },
        ],
      },
    });
  });

  it('reads one set to add to, or several', async () => {
    const ssh = { family: 'inet', table: 'filter', set: 'mysshset' };
    for (const [text, sets] of [
      ['"inet filter mysshset"', [ssh]],
      ['["inet filter mysshset", "ip6 filter six"]', [ssh, { family: 'ip6', table: 'filter', set: 'six' }]],
    ] as const) {
      const { policy } = await load(doing(`set = ${text}\nfor = "30s"`));
      expect(policy.actions[0]?.deed).to.deep.equal({ kind: 'open', door: { kind: 'sets', sets } });
    }
  });

  it('reads how long and how many the grants of a client may be', async () => {
    const { policy } = await load(client('max = "2h"\ngrants = 3'));
    expect(policy.clients[0]).to.include({ maxDuration: 7_200, mostGrants: 3 });
  });

  it('takes the ordinary duration for the longest unless that is given', async () => {
    const { policy } = await load(action('for = "1h"'));
    expect(policy.actions[0]).to.include({ duration: 3_600, maxDuration: 3_600 });
  });

  it('makes of a pattern one that the whole argument has to match', async () => {
    const { policy } = await load(action('argument = "a|b"'));
    const matches = ['a', 'b', 'ab', 'xa', 'bx', '', 'a\n'].filter((text) =>
      policy.actions[0]?.argument?.test(text),
    );
    expect(matches).to.deep.equal(['a', 'b']);
  });

  it('finds files from its own folder, or by their whole path', async () => {
    mkdirSync(folder.file('secrets'));
    for (const name of ['secrets/bob.seed', 'carol.seed']) folder.writeSecret(name);
    const others = `[clients.bob]
seed_file = "secrets/bob.seed"
actions = []
[clients.carol]
seed_file = "FOLDER/carol.seed"
actions = []`;
    const { policy, stateFolder } = await load({
      ...client(others),
      server: GOOD.server.replace('"state"', '"/var/lib/bouncer"'),
    });
    expect(policy.clients.map(({ name }) => name)).to.deep.equal(['alice', 'bob', 'carol']);
    expect(stateFolder).to.equal('/var/lib/bouncer');
  });

  it('has a config with nobody in it', async () => {
    const { policy } = await load({ actions: '', clients: '' });
    expect([policy.actions, policy.clients]).to.deep.equal([[], []]);
  });
});
