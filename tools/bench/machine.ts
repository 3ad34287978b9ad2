import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';

/** What the numbers depend on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly kernel: string;
  readonly system: string;
  /** Of the folder for temporary files, where the records are. */
  readonly fileSystem: string;
  /** Processes that ran or wanted to, over the minute before. */
  readonly load: number;
  readonly commit: string;
  /** Of what took part. */
  readonly versions: Readonly<Record<string, string>>;
}

export function describeMachine(): Machine {
  const packages = ['fwknop-server', 'fwknop-client', 'knockd', 'libpcap0.8'];
  const versions = packages.map(
    (name) => [name, output('dpkg-query', '-W', '-f', '${Version}', name)] as const,
  );
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory: totalmem(),
    kernel: release(),
    system: /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown',
    fileSystem: output('stat', '-f', '-c', '%T', tmpdir()),
    load: loadavg()[0] ?? NaN,
    commit: output('git', '-C', import.meta.dirname, 'describe', '--always', '--dirty'),
    versions: { node: process.versions.node, ...Object.fromEntries(versions) },
  };
}

function output(command: string, ...words: string[]): string {
  try {
    return execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown'; // a page without it is better than none
  }
}
