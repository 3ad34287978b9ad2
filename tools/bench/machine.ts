import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, tmpdir, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds for which the machine is watched before. The load of a minute would be that of the build. */
const WATCH = 3_000;

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
  /** Cores that were busy just before, with something else. */
  readonly busyCores: number;
  readonly commit: string;
  /** Of what took part. */
  readonly versions: Readonly<Record<string, string>>;
}

export async function describeMachine(): Promise<Machine> {
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
    busyCores: await watchCores(),
    commit: output('git', '-C', import.meta.dirname, 'describe', '--always', '--dirty'),
    versions: { node: process.versions.node, ...Object.fromEntries(versions) },
  };
}

async function watchCores(): Promise<number> {
  const busy = (): number =>
    cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
  const [before, began] = [busy(), performance.now()];
  await sleep(WATCH);
  return (busy() - before) / (performance.now() - began);
}

function output(command: string, ...words: string[]): string {
  try {
    return execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown'; // a page without it is better than none
  }
}
