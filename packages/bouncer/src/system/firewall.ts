import * as v from 'valibot';
import { formatAddress, isIpv4Mapped } from '../core/address.js';
import type { Door, Doorkeeper, Opening } from '../core/door.js';
import {
  closeLines,
  GUARD_TABLE,
  guardLines,
  openLines,
  removeLines,
  setOf,
  setsOf,
  type AddressFamily,
  type GuardPlan,
  type Trial,
} from '../core/guard.js';
import { readGuardListing, type GuardListing } from '../core/guard-listing.js';
import { LiveOpenings, type LiveOpening } from '../core/live-openings.js';
import { formatSetName, type SetName } from '../core/set-name.js';
import { monotonicNow } from './clock.js';
import { FirewallError } from './firewall-error.js';
import { Nft } from './nft.js';
import { reasonOf } from './reason.js';
import { Turns } from './turns.js';

const setListing = v.object({
  nftables: v.array(v.object({ set: v.optional(v.object({ type: v.unknown() })) })),
});

/** A set of the administrator's ruleset. */
interface TypedSet {
  readonly name: string;
  /** What its elements are; `undefined` if it is not there. */
  readonly type: string | undefined;
}

/** The kernel's firewall, as far as bouncer changes it: one transaction after the other. */
export class Firewall implements Doorkeeper {
  readonly #nft = new Nft();
  readonly #live = new LiveOpenings();
  /** Whether the guard was taken away: then its ports are open, and there is nothing to open. */
  #isTakenAway = false;
  readonly #turns = new Turns();

  /** Whether a process of this number is one by which the firewall was changed here lately. */
  isOwn(pid: number): boolean {
    return this.#nft.isOwn(pid);
  }

  open(door: Door, address: Uint8Array, seconds: number): Promise<void> {
    const element = formatAddress(address);
    const family = familyOf(address);
    const asked = monotonicNow();
    return this.#turns.take(async () => {
      const now = monotonicNow();
      // What had to wait for its turn does not end later for that.
      const left = seconds - (now - asked) / 1_000;
      if (left <= 0) return;
      if (door.kind === 'sets') {
        await this.#openSets(door.sets, element, family, left);
        return;
      }
      if (this.#isTakenAway) return;
      const sets = door.ports.map((ports) => setOf(ports, family));
      await this.#nft.applyFast(openLines(sets.map(inGuard), element, left));
      for (const set of sets) this.#live.opened(set, element, left, now);
    });
  }

  close(door: Door, address: Uint8Array): Promise<void> {
    const element = formatAddress(address);
    const family = familyOf(address);
    return this.#turns.take(async () => {
      let sets: string[];
      if (door.kind === 'sets') sets = (await this.#typesOf(door.sets)).filter(takes(family)).map(nameOf);
      else {
        const names = door.ports.map((ports) => setOf(ports, family));
        for (const set of names) this.#live.closed(set, element);
        sets = names.map(inGuard);
      }
      try {
        await this.#nft.applyFast(closeLines(sets, element));
      } catch (error) {
        // What a set held that is gone is gone with it.
        const left = await this.#existing(sets);
        if (left.length === sets.length) throw error;
        await this.#nft.applyFast(closeLines(left, element));
      }
    });
  }

  async openings(): Promise<readonly Opening[]> {
    return (await this.guard())?.openings ?? [];
  }

  /**
   * The guard's table as it is now; `undefined` if there is none.
   * @param elements whether to read who is let in
   * @throws {FirewallError} with what nft said
   */
  guard(elements: 'all' | 'terse' = 'all'): Promise<GuardListing | undefined> {
    return this.#turns.take(() => this.#guard(elements));
  }

  /**
   * Puts the guard in place, or another in its place. Who was let in and still may be, is let in.
   * @returns the table as it is then
   * @throws {FirewallError} with what nft said; then nothing is changed
   */
  putGuard(plan: GuardPlan, trial: Trial | undefined): Promise<GuardListing> {
    return this.#turns.take(async () => {
      const present = await this.#guard();
      const openings = present?.openings ?? [];
      this.#live.found(openings, monotonicNow());
      const sets = present?.canStay === true ? present.sets : undefined;
      try {
        await this.#nft.apply([
          ...guardLines(plan, sets, trial),
          ...refillLines(this.#missing(plan, sets === undefined ? [] : openings)),
        ]);
      } catch (error) {
        if (sets === undefined) throw error;
        // Somebody has changed the table so that the guard does not fit in.
        await this.#nft.apply([
          ...guardLines(plan, undefined, trial),
          ...refillLines(this.#missing(plan, [])),
        ]);
      }
      const now = await this.#guard();
      this.#isTakenAway = false;
      if (now === undefined) throw new FirewallError('the guard was taken away while it was put in place');
      return now;
    });
  }

  /**
   * Puts back what somebody else has taken out of the sets.
   * @returns how many openings that were
   * @throws {FirewallError} with what nft said
   */
  refill(plan: GuardPlan, openings: readonly Opening[]): Promise<number> {
    return this.#turns.take(async () => {
      const missing = this.#missing(plan, openings);
      await this.#nft.apply(refillLines(missing));
      return missing.length;
    });
  }

  /**
   * Takes the guard away. That there is none is no error.
   * @returns whether there was one
   * @throws {FirewallError} with what nft said
   */
  removeGuard(): Promise<boolean> {
    return this.#turns.take(async () => {
      if ((await this.#nft.list(['table', ...GUARD_TABLE.split(' ')], 'terse')) === undefined) return false;
      await this.#nft.apply(removeLines());
      this.#isTakenAway = true;
      return true;
    });
  }

  async #guard(elements: 'all' | 'terse' = 'all'): Promise<GuardListing | undefined> {
    const json = await this.#nft.list(['table', ...GUARD_TABLE.split(' ')], elements);
    return json === undefined ? undefined : understood(json, readGuardListing);
  }

  async #openSets(
    names: readonly SetName[],
    element: string,
    family: AddressFamily,
    seconds: number,
  ): Promise<void> {
    const sets = await this.#typesOf(names);
    const fitting = sets.filter(takes(family)).map(nameOf);
    if (fitting.length === 0) {
      const reasons = sets.map(({ name, type }) =>
        type === undefined ? `"${name}" does not exist` : `"${name}" is of type ${type}`,
      );
      throw new FirewallError(`no set takes ${element}: ${reasons.join(', ')}`);
    }
    await this.#nft.applyFast(openLines(fitting, element, seconds));
  }

  async #typesOf(names: readonly SetName[]): Promise<TypedSet[]> {
    const sets: TypedSet[] = [];
    for (const name of names) {
      const json = await this.#nft.list(['set', name.family, name.table, name.set], 'terse');
      const type = json === undefined ? undefined : understood(json, typeIn);
      sets.push({ name: formatSetName(name), type });
    }
    return sets;
  }

  async #existing(sets: readonly string[]): Promise<string[]> {
    const existing: string[] = [];
    for (const set of sets) {
      if ((await this.#nft.list(['set', ...set.split(' ')], 'terse')) !== undefined) existing.push(set);
    }
    return existing;
  }

  #missing(plan: GuardPlan, openings: readonly Opening[]): LiveOpening[] {
    const sets = new Set(setsOf(plan, false).map(({ name }) => name));
    return this.#live.missing(sets, openings, monotonicNow());
  }
}

function familyOf(address: Uint8Array): AddressFamily {
  return isIpv4Mapped(address) ? 'ipv4' : 'ipv6';
}

function inGuard(set: string): string {
  return `${GUARD_TABLE} ${set}`;
}

function refillLines(missing: readonly LiveOpening[]): string[] {
  return missing.flatMap(({ set, element, seconds }) => openLines([inGuard(set)], element, seconds));
}

function takes(family: AddressFamily): (set: TypedSet) => boolean {
  return ({ type }) => type === `${family}_addr`;
}

function nameOf({ name }: TypedSet): string {
  return name;
}

/** A type of several parts is written as nft does. */
function typeIn(json: string): string | undefined {
  const type = v.parse(setListing, JSON.parse(json)).nftables.find(({ set }) => set !== undefined)?.set?.type;
  return Array.isArray(type) ? type.join(' . ') : String(type);
}

function understood<Meaning>(json: string, read: (json: string) => Meaning): Meaning {
  try {
    return read(json);
  } catch (cause) {
    throw new FirewallError(`nft answered in another form than expected: ${reasonOf(cause)}`, { cause });
  }
}
