import { formatAddress } from '@bouncer-spa/bouncer/dist/core/address.js';
import type { Door, Doorkeeper, Opening } from '@bouncer-spa/bouncer/dist/core/door.js';
import { formatPortRange } from '@bouncer-spa/bouncer/dist/core/port-range.js';
import { formatSetName } from '@bouncer-spa/bouncer/dist/core/set-name.js';
import { FirewallError } from '@bouncer-spa/bouncer/dist/system/firewall-error.js';

/** A kernel in memory: what is open, until when, by a clock of its own. */
export class FakeDoorkeeper implements Doorkeeper {
  readonly #open = new Map<string, { readonly opening: Opening | undefined; readonly until: number }>();
  /** What was done, in order. */
  readonly done: string[] = [];
  /** What the firewall says to everything, if it does nothing. */
  complaint: string | undefined;

  open(door: Door, address: Uint8Array, seconds: number): Promise<void> {
    return this.#do(`open ${textOf(door)} ${formatAddress(address)}`, () => {
      for (const [name, ports] of partsOf(door)) {
        const opening = ports && { ports, address, seconds };
        const until = performance.now() + seconds * 1_000;
        this.#open.set(`${name} ${formatAddress(address)}`, { opening, until });
      }
    });
  }

  close(door: Door, address: Uint8Array): Promise<void> {
    return this.#do(`close ${textOf(door)} ${formatAddress(address)}`, () => {
      for (const [name] of partsOf(door)) this.#open.delete(`${name} ${formatAddress(address)}`);
    });
  }

  openings(): Promise<Opening[]> {
    if (this.complaint !== undefined) return Promise.reject(new FirewallError(this.complaint));
    const now = performance.now();
    const open = [...this.#open.values()].filter(({ until }) => until > now);
    return Promise.resolve(
      open.flatMap(({ opening, until }) =>
        opening === undefined ? [] : { ...opening, seconds: (until - now) / 1_000 },
      ),
    );
  }

  /** Seconds for which each is still open, such as `tcp/22 192.0.2.1`, rounded. */
  get state(): Record<string, number> {
    const now = performance.now();
    return Object.fromEntries(
      Array.from(
        this.#open,
        ([name, { until }]) => [name, Math.round((until - now) / 1_000)] as const,
      ).filter(([, seconds]) => seconds > 0),
    );
  }

  /** Loses everything, as when somebody flushes the ruleset. */
  flush(): void {
    this.#open.clear();
  }

  #do(what: string, work: () => void): Promise<void> {
    if (this.complaint !== undefined) return Promise.reject(new FirewallError(this.complaint));
    this.done.push(what);
    work();
    return Promise.resolve();
  }
}

function partsOf(door: Door): (readonly [name: string, ports: Opening['ports'] | undefined])[] {
  return door.kind === 'ports'
    ? door.ports.map((ports) => [formatPortRange(ports), ports] as const)
    : door.sets.map((set) => [formatSetName(set), undefined] as const);
}

function textOf(door: Door): string {
  return partsOf(door)
    .map(([name]) => name)
    .join(',');
}
