import { backoff } from '../core/backoff.js';
import type { Doorkeeper } from '../core/door.js';
import { partKey, partsOf, type DoorState, type Grant, type GrantTable } from '../core/grants.js';
import { monotonicNow } from './clock.js';
import { reasonOf } from './reason.js';

/** Seconds by which the kernel's end of an opening may differ from ours. */
const TOLERANCE = 2;

/** What becomes of doors. */
export interface DoorEvents {
  failed(grant: Grant, reason: string): void;
  /** The doors of a grant are as they should be, after they were not. */
  mended(grant: Grant): void;
}

/** Keeps the kernel's doors as the table of grants says. What fails is tried again until it works. */
export class GrantDoors {
  readonly #doorkeeper: Doorkeeper;
  readonly #table: GrantTable;
  readonly #events: DoorEvents;
  /** Grants whose doors are not as they should be, and why. */
  readonly #failing = new Map<string, { readonly grant: Grant; readonly reason: string }>();
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(doorkeeper: Doorkeeper, table: GrantTable, events: DoorEvents) {
    this.#doorkeeper = doorkeeper;
    this.#table = table;
    this.#events = events;
  }

  /** Why the doors of a grant are not as they should be, if they are not. */
  failureOf(id: string): string | undefined {
    return this.#failing.get(id)?.reason;
  }

  /**
   * Makes the doors of a grant what the table says now, after it began, was extended or has ended.
   * @returns whether that worked; else it is tried again
   */
  async settle(grant: Grant): Promise<boolean> {
    try {
      for (const state of this.#table.doorsOf(grant)) await this.#set(state);
    } catch (error) {
      this.#failed(grant, reasonOf(error));
      return false;
    }
    if (this.#failing.delete(grant.id)) this.#events.mended(grant);
    return true;
  }

  /**
   * Makes all doors what the table says, whatever the kernel has: at the start, and after somebody else
   * has changed the firewall.
   * @param strangers whether to close what no grant stands for
   */
  async settleAll(strangers: 'close' | 'keep'): Promise<void> {
    const fitting = new Set<string>();
    try {
      for (const { ports, address, seconds } of await this.#doorkeeper.openings()) {
        const door = { kind: 'ports', ports: [ports] } as const;
        const end = this.#table.latestEnd(door, address);
        const left = end === undefined ? 0 : (end - monotonicNow()) / 1_000;
        if (left > 0 && Math.abs(left - seconds) <= TOLERANCE) fitting.add(partKey(door, address));
        else if (left <= 0 && strangers === 'close') await this.#doorkeeper.close(door, address);
      }
    } catch {
      // Then nothing fits, and each grant tells what is wrong.
    }
    for (const grant of this.#table.all()) {
      const { means, address } = grant;
      const parts = means.kind === 'open' ? partsOf(means.door) : [];
      if (!parts.every((part) => fitting.has(partKey(part, address)))) await this.settle(grant);
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retry);
  }

  async #set({ door, address, end }: DoorState): Promise<void> {
    const seconds = end === undefined ? 0 : (end - monotonicNow()) / 1_000;
    if (seconds > 0) await this.#doorkeeper.open(door, address, seconds);
    else await this.#doorkeeper.close(door, address);
  }

  #failed(grant: Grant, reason: string): void {
    this.#failing.set(grant.id, { grant, reason });
    this.#events.failed(grant, reason);
    if (this.#retry !== undefined || this.#stopped) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#tryAgain();
    }, backoff(++this.#failures));
  }

  async #tryAgain(): Promise<void> {
    for (const { grant } of [...this.#failing.values()]) {
      // One that is no longer in the table is over by the kernel's clock, too.
      const latest = this.#table.get(grant.id);
      if (latest === undefined) this.#failing.delete(grant.id);
      else await this.settle(latest);
    }
    if (this.#failing.size === 0) this.#failures = 0;
  }
}
