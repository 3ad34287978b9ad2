import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand, type Command, type Outcome } from './action-process.js';
import type { Begun, LeaseFolder, Step } from './lease-folder.js';

/**
 * Waits for a line, begins the command, and writes down its exit status. If we are killed before we
 * can say the line, the marker decides: it names this process if and only if the command counts as
 * begun. So the next daemon knows what has run, at whatever moment this one ends. Nothing is pasted
 * into this text: marker and command are arguments.
 */
const KEEPER = `read -r go || { read -r pid start <"$0" && [ "$pid" = $$ ]; } || exit 125
unset PWD OLDPWD
"$@" </dev/null
status=$?
echo $status >"$0.status"
exit $status`;

/** Milliseconds between looks at a process that is not our child. */
const LOOK = 100;

/**
 * Runs one of the commands of a lease so that the next daemon can find out about it.
 * @param note writes the marker: from then on the command counts as begun
 * @param regardless whether to begin even if the marker cannot be written
 */
export function runStep(
  folder: LeaseFolder,
  id: string,
  step: Step,
  command: Command,
  { note, regardless }: { note: (pid: number) => void; regardless: boolean },
): Promise<Outcome> {
  const argv = ['/bin/sh', '-c', KEEPER, folder.marker(id, step), ...command.argv];
  const gate = (pid: number): boolean => {
    try {
      note(pid);
      return true;
    } catch {
      return regardless; // a full disk
    }
  };
  return runCommand({ ...command, argv, gate });
}

/**
 * Waits for a command that a daemon before us has begun.
 * @param timeout milliseconds from now on, then its group is killed
 * @returns whether it succeeded; `undefined` if nobody knows
 */
export async function awaitLeftover(
  folder: LeaseFolder,
  id: string,
  step: Step,
  timeout: number,
): Promise<boolean | undefined> {
  for (let waited = 0; ; waited += LOOK) {
    const begun = folder.begun(id, step);
    if (begun === undefined) return undefined;
    if (folder.hasEnded(begun)) {
      const { status } = folder.begun(id, step) ?? begun;
      return status === undefined ? undefined : status === 0;
    }
    if (waited > timeout) kill(begun);
    await sleep(LOOK);
  }
}

function kill({ pid }: Begun): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
