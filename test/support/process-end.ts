import type { Host, Network } from './network.js';
import { commandLineOf, isRunning, pidsOn } from './processes.js';
import { waitFor } from './wait.js';

export async function waitForEndOf(pid: number): Promise<void> {
  await waitFor(`the end of process ${pid}`, () => (isRunning(pid) ? undefined : true));
}

/** Waits until nothing runs on a host any more. */
export async function waitForEmpty(network: Network, host: Host): Promise<void> {
  const running = (): number[] => pidsOn(network, host).filter(isRunning);
  try {
    await waitFor('the end of all processes', () => (running().length === 0 ? true : undefined), 5_000);
  } catch {
    throw new Error(`still running: ${running().map(commandLine).join('; ')}`);
  }
}

function commandLine(pid: number): string {
  try {
    return commandLineOf(pid).join(' ');
  } catch {
    return `process ${pid}, gone meanwhile`;
  }
}
