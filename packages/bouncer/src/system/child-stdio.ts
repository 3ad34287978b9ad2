import type { IOType } from 'node:child_process';
import { openSync, readdirSync, readFileSync } from 'node:fs';

type Descriptor = IOType | number;

/** Close-on-exec among the flags of /proc/self/fdinfo (proc(5)), which are octal. */
const CLOSE_ON_EXEC = 0o2000000;

const FIRST_OTHER = 3;

let nullDevice: number | undefined;

/**
 * The descriptors of a child: those given, and nothing else of ours. Node's own are closed in a child,
 * but those of LevelDB's files are not, nor what we were started with: each is covered by the null
 * device, since Node cannot set the flag.
 */
export function childStdio(given: readonly Descriptor[]): Descriptor[] {
  nullDevice ??= openSync('/dev/null', 'r+');
  const stdio = [...given];
  for (const descriptor of inheritedDescriptors()) {
    if (descriptor < given.length) continue;
    while (stdio.length < descriptor) stdio.push('ignore');
    stdio[descriptor] = nullDevice;
  }
  return stdio;
}

/** Our descriptors that a child would have too, from the lowest up. */
function inheritedDescriptors(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .sort((a, b) => a - b)
    .filter((descriptor) => descriptor >= FIRST_OTHER && isInherited(descriptor));
}

function isInherited(descriptor: number): boolean {
  let info;
  try {
    info = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'ascii');
  } catch {
    return false; // the descriptor of the listing itself, closed since
  }
  const [, flags = ''] = /^flags:\s*([0-7]+)$/m.exec(info) ?? [];
  return (parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
}
