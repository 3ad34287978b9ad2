/**
 * Makes a fresh clone ready: Debian packages, npm packages, compiled TypeScript. Does only what is
 * missing, and says what it does. Plain JavaScript without dependencies, since it runs first.
 *
 *   node tools/bootstrap.mjs [--for demo|test|bench|deb]
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const STAMP = join(ROOT, 'node_modules', '.bootstrap-stamp');

/** What the native npm packages are built with, and what bouncer itself calls. */
const FOR_BUILD = [
  { debian: 'g++', command: 'g++' },
  { debian: 'make', command: 'make' },
  { debian: 'python3', command: 'python3' },
  { debian: 'libpcap-dev', file: '/usr/include/pcap/pcap.h' },
  { debian: 'util-linux', command: 'setpriv' },
];

/** What the tests call beyond that. */
const FOR_TEST = [
  { debian: 'busybox', command: 'busybox' },
  { debian: 'curl', command: 'curl' },
  // Not where systemd would start them, to change the firewall and the logs of the machine.
  ...(existsSync('/run/systemd/system')
    ? []
    : [
        { debian: 'fail2ban', command: 'fail2ban-regex' },
        { debian: 'firewalld', command: 'firewall-cmd' },
        { debian: 'keepalived', command: 'keepalived' },
        { debian: 'rsyslog', command: 'rsyslogd' },
      ]),
  { debian: 'fish', command: 'fish' },
  { debian: 'git', command: 'git' },
  { debian: 'iproute2', command: 'ip' },
  { debian: 'ipset', command: 'ipset' },
  { debian: 'iptables', command: 'iptables' },
  { debian: 'logrotate', command: 'logrotate' },
  { debian: 'man-db', command: 'man' },
  { debian: 'netcat-openbsd', command: 'nc' },
  { debian: 'nftables', command: 'nft' },
  { debian: 'nmap', command: 'nmap' },
  { debian: 'openssh-client', command: 'ssh' },
  { debian: 'openssh-server', command: 'sshd' },
  { debian: 'openssl', command: 'openssl' },
  // redis-server without the service that the package of that name would start.
  { debian: 'redis-tools', command: 'redis-check-rdb' },
  { debian: 'rsync', command: 'rsync' },
  { debian: 'procmail', command: 'procmail' },
  { debian: 'shellcheck', command: 'shellcheck' },
  { debian: 'socat', command: 'socat' },
  // systemd-analyze and systemd-notify; it starts nothing where it is not the first process.
  { debian: 'systemd', command: 'systemd-analyze' },
  { debian: 'tcpd', command: 'tcpdmatch' },
  { debian: 'tcpdump', command: 'tcpdump' },
  { debian: 'ufw', command: 'ufw' },
  { debian: 'zsh', command: 'zsh' },
  { debian: 'zbar-tools', command: 'zbarimg' },
];

/** What the benchmark measures beside bouncer, and what it makes networks with. */
const FOR_BENCH = [
  { debian: 'fwknop-client', command: 'fwknop' },
  { debian: 'fwknop-server', command: 'fwknopd' },
  { debian: 'iproute2', command: 'ip' },
  { debian: 'knockd', command: 'knockd' },
  { debian: 'nftables', command: 'nft' },
  { debian: 'redis-tools', command: 'redis-check-rdb' },
];

/** What the test of the Debian package calls. */
const FOR_DEB = [
  { debian: 'debootstrap', command: 'debootstrap' },
  { debian: 'iproute2', command: 'ip' },
  { debian: 'lintian', command: 'lintian' },
];

function main() {
  requireNode();
  const purpose = process.argv.at(-1);
  const more = { test: FOR_TEST, bench: FOR_BENCH, deb: FOR_DEB }[purpose] ?? [];
  installDebianPackages([...FOR_BUILD, ...more]);
  installNpmPackages();
  run('compiling', [process.execPath, join(ROOT, 'node_modules/typescript/bin/tsc'), '-b'], { quiet: true });
}

function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node.js ${process.versions.node} is too old: install Node.js 20.19 or later`);
  }
}

function installDebianPackages(needs) {
  const missing = needs.filter(({ command, file }) => (file ? !existsSync(file) : !isCommand(command)));
  if (missing.length === 0) return;
  const names = missing.map(({ debian }) => debian);
  if (process.getuid?.() !== 0 || !isCommand('apt-get')) {
    fail(
      `missing ${names.join(', ')}: as root, run apt-get install ${names.join(' ')} (or the like), then try again`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  run('asking Debian for its newest package lists', ['apt-get', '-qq', 'update'], { env });
  run(
    `installing Debian packages: ${names.join(' ')}`,
    ['apt-get', '-qq', '-y', '--no-install-recommends', 'install', ...names],
    { env, quiet: true },
  );
}

function installNpmPackages() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .update(`node ABI ${process.versions.modules}`)
    .digest('hex');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return;
  run('installing npm packages, about a minute', ['npm', 'ci', '--loglevel=error'], { quiet: true });
  writeFileSync(STAMP, wanted);
}

/** Runs a command; a quiet one shows what it printed only if it fails. */
function run(what, [command, ...args], { env = process.env, quiet = false } = {}) {
  console.error(`bootstrap: ${what}`);
  const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'];
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    env,
    stdio,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return;
  if (quiet) process.stderr.write(Buffer.concat([stdout ?? Buffer.alloc(0), stderr ?? Buffer.alloc(0)]));
  fail(
    `${command} ${args.join(' ')} ${error ? `could not be run: ${error.message}` : `failed with status ${status}`}`,
  );
}

function isCommand(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function fail(sentence) {
  console.error(`bootstrap: ${sentence}`);
  process.exit(1);
}

main();
