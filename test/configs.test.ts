import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Installation } from './support/installation.js';
import { BOUNCER, OPENER, repositoryPath } from './support/paths.js';
import { needsRoot, needsService } from './support/root.js';

/** What an administrator would put in the place of the examples' own. */
const SYSTEMCTL = '/usr/bin/systemctl';

const UNIT = repositoryPath('configs/bouncer.service');

const CHECKED = [
  'bouncer-actions.conf',
  // Run in e2e/background.test.ts.
  'bouncer.init',
  'bouncer.service',
  'bouncer.toml',
  'client.toml',
  // Run by npm run deb:test.
  'debian',
  // Run in e2e/log-places.test.ts.
  'fail2ban',
  // Each recipe in it is run in e2e/firewall-recipes.test.ts.
  'firewall',
  // Run in e2e/log-places.test.ts.
  'logrotate',
  'procmailrc',
  'profile.toml',
];

describe('The example', () => {
  let installation: Installation;

  beforeEach(() => {
    installation = Installation.make();
  });

  afterEach(() => {
    installation.remove();
  });

  it('files are all checked here', () => {
    expect(readdirSync(repositoryPath('configs')).sort()).to.deep.equal(CHECKED);
  });

  it('bouncer.toml passes bouncer check', () => {
    mkdirSync(installation.path('clients'));
    for (const name of ['clients/alice', 'clients/bob']) installation.addClient(name);
    const example = readFileSync(repositoryPath('configs/bouncer.toml'), 'utf8');
    expect(example).to.include(SYSTEMCTL);
    const programs = example.replaceAll(SYSTEMCTL, '/bin/true');
    writeFileSync(installation.config, programs, { mode: 0o600 });
    mkdirSync(installation.path('clients.d'), { mode: 0o700 });
    const client = readFileSync(repositoryPath('configs/client.toml'));
    writeFileSync(installation.path('clients.d/carol.toml'), client, { mode: 0o600 });

    const { status, stdout, stderr } = node(BOUNCER, 'check', '-c', installation.config);
    expect(stderr).to.equal('');
    expect(stdout).to.equal(`${installation.config}: ok, 3 clients, 3 actions\n`);
    expect(status).to.equal(0);
  });

  for (const { table, keys } of [
    { table: 'lockout', keys: 4 },
    { table: 'cluster', keys: 5 },
  ]) {
    it(`of [${table}], which is a comment in bouncer.toml, passes bouncer check`, () => {
      const example = readFileSync(repositoryPath('configs/bouncer.toml'), 'utf8');
      const [comment = ''] = new RegExp(`^# \\[${table}\\]\\n(# \\w.*\\n)+`, 'm').exec(example) ?? [];
      expect(comment.match(/^# \w+ =/gm)).to.have.length(keys);
      writeFileSync(installation.path('store.password'), 'a secret\n', { mode: 0o600 });
      makeCertificate(installation.path('store-ca.pem'));
      installation.writeConfig(comment.replaceAll(/^# /gm, ''));
      const { status, stdout, stderr } = node(BOUNCER, 'check', '-c', installation.config);
      expect(stderr).to.equal('');
      expect(stdout).to.include('ok');
      expect(status).to.equal(0);
    });
  }

  for (const heading of ['With keepalived', 'With a load balancer']) {
    it(`"${heading}" in docs/cluster.md is one that keepalived understands`, function () {
      needsRoot(this);
      needsService(this, 'keepalived');
      const page = readFileSync(repositoryPath('docs/cluster.md'), 'utf8');
      const section = page.slice(page.indexOf(`### ${heading}`));
      const block = section.slice(section.indexOf('    global_defs {')).split('\n\n', 1)[0] ?? '';
      const file = installation.path('keepalived.conf');
      writeFileSync(file, block.replaceAll(/"\/usr\/\S+/g, '"/bin/true'), { mode: 0o600 });
      const script = 'ip link add eth0 type veth peer name eth1 && exec keepalived -t -f "$0"';
      const { status, stderr } = spawnSync('unshare', ['-n', 'sh', '-c', script, file], { encoding: 'utf8' });
      expect(stderr).to.equal('');
      expect(status).to.equal(0);
    });
  }

  it('bouncer.toml states the real defaults', async () => {
    const { parse } = await import('smol-toml');
    const { parseTables } = await import('@bouncer-spa/bouncer/dist/core/config-schema.js');
    const example = parse(readFileSync(repositoryPath('configs/bouncer.toml'), 'utf8'));
    const { tables: written } = parseTables(example);
    const { server, capture } = example as Record<string, Record<string, unknown>>;
    const { tables: least } = parseTables({ server, capture: { port: capture?.['port'] } });
    if (written === undefined || least === undefined) throw new Error('the example is wrong');
    expect(least.capture).to.deep.equal(written.capture);
    expect(least.guard.on_stop).to.equal(written.guard.on_stop);
    expect(least.limits).to.deep.equal(written.limits);
    expect(least.log).to.deep.equal(written.log);
  });

  it('profile.toml is one that opener seals with', () => {
    installation.addClient('alice');
    copyFileSync(installation.path('gate.key'), installation.path('gw1.gate.key'));
    copyFileSync(repositoryPath('configs/profile.toml'), installation.path('home.toml'));
    const profile = installation.path('home.toml');
    // The profile has the packet name its source, which depends on where it goes.
    const { status, stdout, stderr } = node(OPENER, '--profile', profile, '-d', '127.0.0.1', '--print');
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
    expect(Buffer.from(stdout, 'base64')).to.have.length.within(124, 508);
  });

  it('bouncer.service is one that systemd understands', () => {
    const { status, stderr } = systemdAnalyze('verify', UNIT);
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
  });

  it('bouncer-actions.conf is a drop-in for it that systemd understands', () => {
    const folder = installation.path('bouncer.service.d');
    mkdirSync(folder);
    copyFileSync(repositoryPath('configs/bouncer.service'), installation.path('bouncer.service'));
    copyFileSync(repositoryPath('configs/bouncer-actions.conf'), join(folder, 'actions.conf'));
    const { status, stderr } = systemdAnalyze('verify', installation.path('bouncer.service'));
    expect(stderr).to.equal('');
    expect(status).to.equal(0);
  });

  it('bouncer.service leaves little to whoever takes it over', () => {
    // In tenths: what systemd calls an exposure of 3.0 at most.
    const { status, stdout } = systemdAnalyze('security', '--offline=true', '--threshold=30', UNIT);
    expect(status, stdout).to.equal(0);
  });
});

function systemdAnalyze(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync('systemd-analyze', words, { encoding: 'utf8' });
}

function node(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}

function makeCertificate(file: string): void {
  const words = 'req -x509 -newkey rsa:2048 -nodes -subj /CN=ca -keyout /dev/null'.split(' ');
  spawnSync('openssl', [...words, '-out', file]);
}
