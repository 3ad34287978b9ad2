import { MAX_DELTA, minute, minuteOf } from '@bouncer-spa/protocol';
import { ReplayCache } from './core/replay-cache.js';
import { GuardKeeper } from './guard-keeper.js';
import type { Config } from './system/config-file.js';
import { Firewall } from './system/firewall.js';
import { GrantKeeper } from './system/grant-keeper.js';
import { GrantLog } from './system/grant-log.js';
import type { Log } from './system/log.js';
import type { ReplayCheck } from './system/replay-check.js';
import { ReplayStore } from './system/replay-store.js';

/** What outlives a daemon, on the disk and in the kernel, and what it knows by it. */
export interface State {
  readonly store: ReplayStore;
  readonly replay: ReplayCache;
  readonly guard: GuardKeeper;
  readonly keeper: GrantKeeper;
}

/**
 * Opens the store, puts the guard in place and takes up the grants. The guard is tried again if it
 * cannot be put in place yet.
 * @param trial seconds after which the guard is taken away, unless it is confirmed before
 * @param check a process that checks the store
 * @throws {StoreError} if the store cannot be used
 */
export async function openState(
  config: Config,
  trial: number | undefined,
  check: ReplayCheck,
  log: Log,
): Promise<State> {
  const { policy, stateFolder, mostRunning } = config;
  // What was accepted up to now lies at most the largest delta ahead, whatever delta was then.
  const unreachable = minute(minuteOf(Date.now()) + MAX_DELTA + 1);
  const tellOfDamage = (aside: string, reason: string): void => {
    log.error(
      { reason, aside },
      `the replay cache was damaged and is put aside in ${aside}; accepting nothing until its window is over`,
    );
  };
  const { store, content } = await ReplayStore.open(stateFolder, unreachable, tellOfDamage, check);
  const latest = minuteOf(Date.now()) + policy.delta;
  if (content.floor > latest) {
    const fields = { floor: content.floor, latest };
    log.error(
      fields,
      `nothing is accepted for ${content.floor - latest} minutes, until the floor of the replay cache: is the clock right?`,
    );
  }
  const firewall = new Firewall();
  const guard = new GuardKeeper(firewall, log, config.guard);
  await guard.start(trial);
  const parts = { store, stateFolder, doorkeeper: firewall, events: new GrantLog(log), mostRunning };
  const keeper = await GrantKeeper.start(parts, content, policy);
  guard.whenRepaired(() => void keeper.reconcile());
  return { store, replay: new ReplayCache(content), guard, keeper };
}
