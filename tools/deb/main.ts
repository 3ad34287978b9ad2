/**
 * Makes a Debian package of bouncer and opener, with a Node.js of its own, since a daemon at the front door
 * should not break with another program's upgrade, and Debian 12 has none that is new enough.
 *
 *   npm run deb      build/deb/bouncer_VERSION_ARCHITECTURE.deb
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { repositoryPath } from '../../test/support/paths.js';
import { environmentOf, fetchNode } from '../node-build.js';
import { changelogText, controlText } from './control.js';
import { copyrightText } from './copyright.js';
import { installProgram } from './program.js';

/** The line of Node.js with the longest support. */
const NODE_LINE = '24';

const folder = repositoryPath('build/deb');
const root = join(folder, 'root');
const library = join(root, 'usr/lib/bouncer');

function say(what: string): void {
  console.error(`deb: ${what}`);
}

/** Writes a file of the package, for everybody to read. */
function write(path: string, content: string | Buffer, mode = 0o644): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

/** Debian wants its pages and changelogs compressed, and the same each time. */
function writeCompressed(path: string, content: string | Buffer): void {
  write(`${path}.gz`, gzipSync(content, { level: 9 }));
}

function writeSystemFiles(): void {
  write('lib/systemd/system/bouncer.service', readFileSync(repositoryPath('configs/bouncer.service')));
  const pages = join(folder, 'man');
  execFileSync(process.execPath, [repositoryPath('build/tools/man.js'), pages]);
  for (const page of readdirSync(pages)) {
    writeCompressed(`usr/share/man/man${page.slice(-1)}/${page}`, readFileSync(join(pages, page)));
  }
  for (const [shell, path] of [
    ['bash', 'usr/share/bash-completion/completions/opener'],
    ['zsh', 'usr/share/zsh/vendor-completions/_opener'],
    ['fish', 'usr/share/fish/vendor_completions.d/opener.fish'],
  ] as const) {
    const argv = [repositoryPath('packages/opener/bin/opener.js'), 'completion', shell];
    write(path, execFileSync(process.execPath, argv));
  }
}

function writeDocuments(version: string, node: string): void {
  const doc = 'usr/share/doc/bouncer';
  write(`${doc}/copyright`, copyrightText(library, readFileSync(join(node, 'LICENSE'), 'utf8')));
  writeCompressed(`${doc}/changelog`, changelogText(version, new Date()));
  write(
    'usr/share/lintian/overrides/bouncer',
    readFileSync(repositoryPath('configs/debian/lintian-overrides')),
  );
  for (const name of ['CHANGELOG.md', 'README.md', 'PROTOCOL.md', 'SECURITY.md']) {
    write(`${doc}/${name}`, readFileSync(repositoryPath(name)));
  }
  write(`${doc}/examples/opener.sh`, readFileSync(repositoryPath('packages/opener/opener.sh')), 0o755);
  cpSync(repositoryPath('configs'), join(root, doc, 'examples'), {
    recursive: true,
    filter: (source) => !source.endsWith('/debian'),
  });
}

/** What dpkg reads, and what it runs when the package comes and goes. */
function writeControl(version: string, architecture: string): void {
  write('DEBIAN/control', controlText({ version, architecture, installedSize: kibibytes(root) }));
  for (const name of ['postinst', 'prerm', 'postrm']) {
    write(`DEBIAN/${name}`, readFileSync(repositoryPath(`configs/debian/${name}`)), 0o755);
  }
}

function kibibytes(path: string): number {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return Math.ceil(stats.size / 1024);
  return readdirSync(path).reduce((sum, name) => sum + kibibytes(join(path, name)), 1);
}

function main(): void {
  const { version } = JSON.parse(readFileSync(repositoryPath('packages/bouncer/package.json'), 'utf8')) as {
    version: string;
  };
  const architecture = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
  rmSync(folder, { recursive: true, force: true });
  process.umask(0o022);
  say(`fetching Node.js ${NODE_LINE}`);
  const node = fetchNode(NODE_LINE, join(folder, 'node'));
  mkdirSync(join(library, 'bin'), { recursive: true });
  cpSync(join(node, 'bin/node'), join(library, 'bin/node'));
  execFileSync('strip', [join(library, 'bin/node')]);
  say('installing what bouncer and opener need, built for it');
  installProgram(library, join(folder, 'stage'), environmentOf(node));
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  for (const name of ['bouncer', 'opener']) {
    symlinkSync(
      `../lib/bouncer/node_modules/@bouncer-spa/${name}/bin/${name}.js`,
      join(root, 'usr/bin', name),
    );
  }
  writeSystemFiles();
  writeDocuments(version, node);
  // Its mode says that nobody but root looks at seeds.
  mkdirSync(join(root, 'etc/bouncer'), { recursive: true });
  chmodSync(join(root, 'etc/bouncer'), 0o700);
  writeControl(version, architecture);
  const deb = join(folder, `bouncer_${version}_${architecture}.deb`);
  say('compressing');
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', root, deb], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (!existsSync(deb)) throw new Error('dpkg-deb made nothing');
  console.log(deb);
}

main();
