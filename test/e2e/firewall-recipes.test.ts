import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Bouncer } from '../support/bouncer.js';
import { OPENER, repositoryPath } from '../support/paths.js';
import { needsService } from '../support/root.js';
import { Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

/** Seconds that a packet opens for; short, since the tests wait for its end. */
const OPEN_SECONDS = 4;

/** The log's number for warnings. */
const WARN = 40;

const FAMILIES = ['ipv4', 'ipv6'] as const;
type Family = (typeof FAMILIES)[number];

/** A recipe of configs/firewall, and what shows that it works. */
interface Recipe {
  readonly name: string;
  /** Makes a server ready for the recipe, as its comments say. */
  prepare(on: Server): Promise<void> | void;
  /** A command that lists what is open. */
  list(family: Family): readonly string[];
  /** Whether an address of the client's is let in; without it, a connection is tried. */
  isOpen?(on: Server, address: string): boolean;
}

const RECIPES: readonly Recipe[] = [
  {
    name: 'ipset',
    prepare: (on) => {
      on.script('setup');
      // Once more, as at the next boot, or by hand.
      on.script('setup');
    },
    list: () => ['ipset', 'list'],
  },
  {
    name: 'iptables',
    prepare: (on) => {
      on.script('setup');
      on.script('setup');
    },
    list: (family) => [family === 'ipv4' ? 'iptables-save' : 'ip6tables-save'],
  },
  {
    name: 'ufw',
    prepare: (on) => {
      // Modules and settings of the kernel are the machine's.
      const defaults = readFileSync(on.path('etc/default/ufw'), 'utf8');
      writeFileSync(on.path('etc/default/ufw'), defaults.replaceAll(/^(?=IPT_(SYSCTL|MODULES))/gm, '#'));
      on.run(['ufw', '--force', 'enable']);
    },
    list: () => ['ufw', 'status'],
  },
  {
    name: 'hosts-allow',
    prepare: (on) => {
      writeFileSync(on.path('etc/hosts.deny'), 'sshd: ALL\n');
    },
    list: () => ['cat', '/etc/hosts.allow'],
    isOpen: (on, address) => /access: +granted/.test(on.run(['tcpdmatch', 'sshd', address])),
  },
  {
    name: 'firewalld',
    prepare: async (on) => {
      // Its own bus, since it does nothing without one.
      mkdirSync(on.path('run/dbus'));
      const bus = on.start(['dbus-daemon', '--system', '--nofork', '--nopidfile', '--print-address=1']);
      if (bus.stdout !== null) await once(bus.stdout, 'data');
      on.start(['firewalld', '--nofork', '--nopid']);
      await waitFor('firewalld to run', () => on.answers(['firewall-cmd', '--state']), 60_000);
      on.run(['firewall-cmd', '--remove-service=ssh']);
    },
    list: () => ['firewall-cmd', '--list-rich-rules'],
  },
];

/** The server of a stage, with folders of its own in the place of /etc and /run. */
class Server {
  readonly #stage: Stage;
  readonly #script: string;

  constructor(stage: Stage, script: string) {
    this.#stage = stage;
    this.#script = script;
    const { network } = stage;
    for (const folder of ['etc', 'run']) mkdirSync(this.path(folder));
    cpSync('/etc', this.path('etc'), { recursive: true, verbatimSymlinks: true });
    for (const folder of ['etc', 'run']) network.cover(network.server, `/${folder}`, this.path(folder));
  }

  path(name: string): string {
    return this.#stage.installation.path(name);
  }

  run(argv: readonly string[]): string {
    return this.#stage.network.run(this.#stage.network.server, argv);
  }

  start(argv: readonly string[]): ChildProcess {
    const { network } = this.#stage;
    return network.start(network.server, argv, { stdio: ['ignore', 'pipe', 'ignore'] });
  }

  answers(argv: readonly string[]): true | undefined {
    try {
      this.run(argv);
      return true;
    } catch {
      // Not yet.
      return undefined;
    }
  }

  /** Runs the recipe's script as the daemon would. */
  script(...args: string[]): void {
    this.run([
      'env',
      '-i',
      'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      this.#script,
      ...args,
    ]);
  }
}

for (const recipe of RECIPES) {
  const script = repositoryPath(`configs/firewall/${recipe.name}-ssh`);

  describe(`The recipe for ${recipe.name}`, () => {
    const stage = new Stage();
    let server: Server;
    let bouncer: Bouncer;

    before(async function () {
      this.timeout(120_000);
      if (recipe.name === 'firewalld') needsService(this, 'firewalld');
      stage.open(this);
      const { network, installation } = stage;
      server = new Server(stage, script);
      await recipe.prepare(server);
      const service = server.start([process.execPath, '-e', ECHO_ON_PORT_22]);
      if (service.stdout !== null) await once(service.stdout, 'data');

      installation.addClient('alice');
      const snippet = readFileSync(repositoryPath(`configs/firewall/${recipe.name}.toml`), 'utf8');
      expect(snippet).to.include(`"/usr/local/sbin/${recipe.name}-ssh"`).and.include('for = "30s"');
      installation.writeConfig(`
${snippet.replaceAll(`/usr/local/sbin/${recipe.name}-ssh`, script).replace('30s', `${OPEN_SECONDS}s`)}
[clients.alice]
seed_file = "alice.seed"
actions = ["ssh"]
`);
      bouncer = await stage.bouncer();
      installation.writeProfile('alice', network.server.ipv4, { ssh: 21 });
    });

    after(() => stage.close());

    it('opens for who sends a packet, and shuts again', async () => {
      const { network, installation } = stage;
      const profile = installation.path('alice.profile.toml');
      expect(FAMILIES.map(isOpen), 'before').to.deep.equal([false, false]);
      for (const family of FAMILIES) {
        const to = ['-d', network.server[family]];
        network.run(network.client, [process.execPath, OPENER, '--profile', profile, ...to, 'ssh']);
        await waitFor(`it to open over ${family}`, () => isOpen(family) || undefined, 20_000);
      }
      for (const family of FAMILIES) {
        await waitFor(`it to shut over ${family}`, () => !isOpen(family) || undefined, 20_000);
      }
      expect(bouncer.records.filter(({ level }) => level >= WARN)).to.deep.equal([]);
    }).timeout(90_000);

    for (const family of FAMILIES) {
      it(`has one entry for an address, however often it opens, and none when it is shut, over ${family}`, () => {
        const address = stage.network.client[family];
        for (const seconds of ['5', '600']) server.script('open', address, seconds);
        expect(isOpen(family)).to.equal(true);
        const [entry, ...others] = entries(family);
        expect(entry).to.be.a('string');
        expect(others).to.deep.equal([]);
        if (recipe.name === 'ipset') {
          // The kernel ends it, and has the new time.
          expect(Number(entry?.split(' timeout ')[1])).to.be.above(500);
          return;
        }
        for (let count = 0; count < 2; count++) server.script('close', address);
        expect(isOpen(family)).to.equal(false);
        expect(entries(family)).to.deep.equal([]);
      }).timeout(60_000);
    }

    /** The lines in the listing that have the client's address. */
    function entries(family: Family): string[] {
      const address = new RegExp(`(?<![\\w.:])${stage.network.client[family]}(?![\\w.:]*\\w)`);
      return server
        .run(recipe.list(family))
        .split('\n')
        .filter((line) => address.test(line));
    }

    function isOpen(family: Family): boolean {
      const { network } = stage;
      if (recipe.isOpen !== undefined) return recipe.isOpen(server, network.client[family]);
      const argv = [process.execPath, '-e', TRY_PORT_22, network.server[family]];
      return network.run(network.client, argv) === 'open';
    }
  });
}

describe('The firewall recipes', () => {
  it('are all tested here', () => {
    const files = RECIPES.flatMap(({ name }) => [`${name}-ssh`, `${name}.toml`]);
    expect(readdirSync(repositoryPath('configs/firewall')).sort()).to.deep.equal(files.sort());
  });
});

describe('The recipe for TCP Wrappers', () => {
  const stage = new Stage();
  const ALLOW = '# mine\nvsftpd: 192.0.2.2\nsshd: 192.0.2.7';
  let server: Server;

  beforeEach(function () {
    stage.open(this);
    server = new Server(stage, repositoryPath('configs/firewall/hosts-allow-ssh'));
    writeFileSync(server.path('etc/hosts.allow'), ALLOW);
    chmodSync(server.path('etc/hosts.allow'), 0o640);
  });

  afterEach(() => stage.close());

  it('takes away its own lines and no others, whatever runs at the same time', async () => {
    const addresses = Array.from({ length: 12 }, (_, index) => `192.0.2.${index + 1}`);
    await Promise.all(addresses.map((address) => ended('open', address)));
    const open = readFileSync(server.path('etc/hosts.allow'), 'utf8').split('\n');
    expect(open.slice(0, 3)).to.deep.equal(ALLOW.split('\n'));
    expect(open.slice(3).sort()).to.deep.equal(
      ['', ...addresses.map((address) => `sshd: ${address}: setenv OPENED_BY bouncer`)].sort(),
    );
    await Promise.all(addresses.map((address) => ended('close', address)));
    expect(readFileSync(server.path('etc/hosts.allow'), 'utf8')).to.equal(`${ALLOW}\n`);
    expect(statSync(server.path('etc/hosts.allow')).mode & 0o777).to.equal(0o640);
  }).timeout(60_000);

  async function ended(...args: string[]): Promise<void> {
    const child = server.start([repositoryPath('configs/firewall/hosts-allow-ssh'), ...args]);
    expect(await once(child, 'close')).to.deep.equal([0, null]);
  }
});

const ECHO_ON_PORT_22 = `require('net').createServer((socket) => socket.pipe(socket)).listen(22, '::', () => console.log('ready'));`;
const TRY_PORT_22 = `
  const socket = require('net').connect(22, process.argv[1]);
  const say = (word) => { process.stdout.write(word); process.exit(); };
  socket.on('connect', () => say('open')).on('error', () => say('closed'));
  setTimeout(() => say('closed'), 500);`;
