import { execFileSync, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_PACKET_SIZE, MIN_PACKET_SIZE } from '@bouncer-spa/protocol';
import { checkPackage, createPackageFromTarballData, type Analysis } from '@arethetypeswrong/core';
import { expect } from 'chai';
import { publint } from 'publint';
import { Bouncer, isListening } from './support/bouncer.js';
import { runToEnd } from './support/command.js';
import { lendNativeModules, unpackPackage } from './support/npm-package.js';
import { repositoryPath } from './support/paths.js';
import { decisionOn, Stage } from './support/stage.js';

/** Ways to find a module that lead nowhere in a package that has ES modules only: from before `exports`, and `require`. */
const NOT_OF_ES_MODULES: readonly string[] = ['node10', 'node16-cjs'];

/** Bytes; far below what a source map or a test's capture would add. */
const LARGEST_PACKAGE = 200_000;

const SECRETS = `seed = "${'5eed'.repeat(16)}"\ngate_key = "${'9a7e'.repeat(16)}"\n`;

describe('The npm package', function () {
  this.timeout(120_000);
  let folder: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'bouncer-pack-'));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** Packs a package and unpacks it as it would be installed. @returns its files, without the folders of tsc */
  function pack(name: string): ReturnType<typeof unpackPackage> & { readonly own: string[] } {
    const packed = unpackPackage(name, folder);
    const paths = packed.files.map(({ path }) => path);
    expect(paths.filter((path) => /\.map$|\.ts$(?<!\.d\.ts)|tsbuildinfo|test/.test(path))).to.deep.equal([]);
    expect(packed.size).to.be.below(LARGEST_PACKAGE);
    for (const file of ['LICENSE', 'README.md']) expect(paths).to.include(file);
    expect(readFileSync(join(packed.at, 'LICENSE'))).to.deep.equal(readFileSync(repositoryPath('LICENSE')));
    return { ...packed, own: paths.filter((path) => !path.startsWith('dist/')).sort() };
  }

  /** What publint has to say about an unpacked package, suggestions included. */
  async function faultsOf(at: string): Promise<readonly unknown[]> {
    return (await publint({ pkgDir: at, strict: true, pack: false })).messages;
  }

  function node(...args: string[]): string {
    return execFileSync(process.execPath, args, { cwd: folder, env: { HOME: folder }, encoding: 'utf8' });
  }

  it('of opener needs nothing beside it', async () => {
    const { at, files, own } = pack('opener');
    expect(await faultsOf(at)).to.deep.equal([]);
    expect(own).to.have.length(files.length);
    expect(own).to.deep.equal([
      'LICENSE',
      'README.md',
      'bin/opener.js',
      'bin/package.json',
      'bundle/dist/ipaddr.cjs',
      'bundle/dist/opener.cjs',
      'bundle/dist/other-commands.cjs',
      'example.toml',
      'man/opener.1',
      'opener.sh',
      'package.json',
    ]);
    const manifest = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest).to.not.have.property('dependencies');
    expect(node(join(at, 'bin/opener.js'), '--version')).to.equal(`opener ${String(manifest['version'])}\n`);
    const profile = join(folder, 'home.toml');
    writeFileSync(profile, `host = "a"\nport = 1\n${SECRETS}[actions]\nssh = 21\n`, { mode: 0o600 });
    const args = ['--profile', profile, 'ssh', '--allow', '192.0.2.1', '--print'];
    expect(node(join(at, 'bin/opener.js'), ...args)).to.match(/^[A-Za-z0-9+/]+=*\n$/);
    expect(node(join(at, 'bin/opener.js'), 'completion', 'bash')).to.match(/^complete -F _opener opener$/m);
    const refused = spawnSync(process.execPath, [join(at, 'bin/opener.js'), 'list'], { env: { HOME: 'x' } });
    expect(refused.stderr.toString()).to.match(/^opener: the user has no home folder\n/);
    expect(refused.status).to.equal(3);
  });

  it('of opener sends a packet, and loads what seals and sends for that alone', async () => {
    const program = join(folder, 'node_modules/@bouncer-spa/opener/bin/opener.js');
    const witness = join(folder, 'witness.cjs');
    writeFileSync(witness, "process.on('exit', () => console.error(process.moduleLoadList.join('\\n')));");
    const loads = (...args: readonly string[]): readonly string[] => {
      const { stderr } = spawnSync(process.execPath, ['-r', witness, program, ...args], { encoding: 'utf8' });
      return stderr.match(/(?<=^NativeModule )(?:crypto|dgram)$/gm) ?? [];
    };
    expect(loads('--version')).to.deep.equal([]);
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const profile = join(folder, 'local.toml');
    const text = `host = "127.0.0.1"\nport = ${socket.address().port}\n${SECRETS}[actions]\nssh = 21\n`;
    writeFileSync(profile, text, { mode: 0o600 });
    try {
      expect(loads('--profile', profile, 'ssh')).to.deep.equal(['crypto', 'dgram']);
      const [packet] = (await once(socket, 'message', { signal: AbortSignal.timeout(5_000) })) as [Buffer];
      expect(packet.length).to.be.within(MIN_PACKET_SIZE, MAX_PACKET_SIZE);
    } finally {
      socket.close();
    }
  });

  it('of opener leaves no bundle behind, which would hide what tsc makes', () => {
    expect(() => readFileSync(repositoryPath('packages/opener/bundle/dist/opener.cjs'))).to.throw(/ENOENT/);
  });

  it('of the protocol is a library, whose example runs and has the types that it says', async () => {
    const { at, own, filename } = pack('protocol');
    expect(await faultsOf(at)).to.deep.equal([]);
    const { problems } = (await checkPackage(
      createPackageFromTarballData(readFileSync(join(folder, filename))),
    )) as Analysis;
    const ofUsers = problems.filter(
      (problem) => !('resolutionKind' in problem && NOT_OF_ES_MODULES.includes(problem.resolutionKind)),
    );
    expect(ofUsers).to.deep.equal([]);
    expect(own).to.deep.equal(['LICENSE', 'README.md', 'package.json']);
    const [, example = ''] = /```js\n([^]*?)```/.exec(readFileSync(join(at, 'README.md'), 'utf8')) ?? [];
    writeFileSync(join(folder, 'example.mjs'), example);
    expect(node('example.mjs')).to.equal('action 21 for 30 s\n');

    symlinkSync(repositoryPath('node_modules/@types'), join(folder, 'node_modules/@types'));
    writeFileSync(join(folder, 'example.mts'), example);
    const options = ['--noEmit', '--strict', '--module', 'node20', '--types', 'node', '--target', 'es2023'];
    node(repositoryPath('node_modules/typescript/bin/tsc'), ...options, 'example.mts');
  });

  it('of bouncer has its command, and nothing that only the repository needs', async () => {
    const { at, own } = pack('bouncer');
    expect(await faultsOf(at)).to.deep.equal([]);
    expect(own).to.deep.equal([
      'LICENSE',
      'README.md',
      'bin/bouncer.js',
      'bin/package.json',
      'bundle/capture/file-main.js',
      'bundle/capture/main.js',
      'bundle/package.json',
      'bundle/system/bouncer.js',
      'bundle/system/keys-ahead-main.js',
      'bundle/system/metrics.js',
      'bundle/system/replay-check-main.js',
      'man/bouncer.8',
      'man/bouncer.toml.5',
      'package.json',
    ]);
  });

  describe('of bouncer, installed,', () => {
    const stage = new Stage();
    let command: string;
    let bouncer: Bouncer;

    before(function () {
      stage.open(this);
      // Where it is unpacked by the test before.
      command = join(folder, 'node_modules/@bouncer-spa/bouncer/bin/bouncer.js');
      lendNativeModules(folder);
      stage.installation.addClient('alice');
      stage.installation.writeConfig(
        '[actions.ok]\ncode = 21\nrun = ["/bin/true"]\n[clients.alice]\nseed_file = "alice.seed"\nactions = ["ok"]\n',
      );
    });

    after(() => stage.close());

    // Twice, since only a state that is there is checked by a process of its own.
    for (const start of ['first', 'second'])
      it(`accepts a packet after its ${start} start`, async () => {
        const { network, installation } = stage;
        bouncer = Bouncer.spawn(network, network.server, installation, [], [process.execPath], command);
        stage.whenClosed(() => bouncer.kill());
        await bouncer.logged('listening', isListening);
        const packet = installation.packet('alice', 21);
        expect(await decisionOn(stage, bouncer, stage.sender(), packet)).to.include({ decision: 'accept' });
        if (start === 'first') await bouncer.stop();
      });

    it('has the other commands, and the reader of captures', async () => {
      const { config } = stage.installation;
      const run = (...args: string[]) => runToEnd([process.execPath, command, ...args, '-c', config]);
      const status = JSON.parse((await run('status', '--json')).stdout) as { accepted: number };
      expect(status.accepted).to.equal(1);
      const none = stage.installation.path('none.pcap');
      const header = [0xa1b2c3d4, 0x00040002, 0, 0, 0xffff, 1];
      writeFileSync(none, Buffer.from(Uint32Array.from(header).buffer));
      expect(await run('explain', none)).to.include({ status: 0, stderr: '' });
      expect((await run('--version')).stdout).to.match(/^bouncer \d/);
    });
  });
});
