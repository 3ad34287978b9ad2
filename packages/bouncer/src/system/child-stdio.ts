import type { IOType } from 'node:child_process';
import { closeSync, openSync, readdirSync } from 'node:fs';

type Descriptor = IOType | number;

const NULL_DEVICE = '/dev/null';

let nullDevice: number | undefined;

/**
 * The descriptors of a child: those given, and nothing else of ours. Node's own are closed in a child,
 * but those of LevelDB's files are not, nor what we were started with, and Node cannot have them
 * closed. So each that is open is covered by the null device: to look which ones need it would take as
 * long as the start of the child itself.
 */
export function childStdio(given: readonly Descriptor[]): Descriptor[] {
  nullDevice ??= openSync(NULL_DEVICE, 'r+');
  const stdio = [...given];
  for (const descriptor of openDescriptors()) {
    if (descriptor < given.length) continue;
    while (stdio.length < descriptor) stdio.push('ignore');
    stdio[descriptor] = nullDevice;
  }
  return stdio;
}

/**
 * Ours, from the lowest up. Not that of the listing itself, which is free again: by a descriptor of that
 * number the child may have to say that its program could not be run.
 */
function openDescriptors(): number[] {
  const listed = readdirSync('/proc/self/fd').map(Number);
  const free = openSync(NULL_DEVICE, 'r');
  closeSync(free);
  return listed.filter((descriptor) => descriptor !== free).sort((a, b) => a - b);
}
