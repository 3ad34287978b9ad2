import type { Door } from './door.js';
import { DueQueue } from './due-queue.js';
import { later, type Moment } from './moment.js';
import { formatPortRange } from './port-range.js';
import { formatSetName } from './set-name.js';

/** A command with everything that it needs to be run, also when the config has it no longer. */
export interface Closing {
  readonly argv: readonly string[];
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Milliseconds until its processes are ended. */
  readonly timeout: number;
}

/** What ends with a grant. */
export type Means =
  /** The kernel lets the address in, and ends that by itself. */
  | { readonly kind: 'open'; readonly door: Door }
  /** What was run has to be undone. */
  | { readonly kind: 'lease'; readonly stop: Closing };

/** What makes two packets ask for the same thing. */
export interface Purpose {
  readonly client: string;
  readonly action: string;
  /** 16 bytes, IPv6 or IPv4-mapped. */
  readonly address: Uint8Array;
  readonly argument: string;
}

/** Something that is open now. Never changed, only replaced. */
export interface Grant extends Purpose {
  /** 8 hexadecimal digits. */
  readonly id: string;
  readonly means: Means;
  readonly began: Moment;
  readonly end: Moment;
}

/** The same grant, to the later of its end and the one asked for. Never shorter. */
export function extended(grant: Grant, now: Moment, seconds: number): Grant {
  const left = Math.max(grant.end.monotonic - now.monotonic, seconds * 1_000);
  return { ...grant, end: later(now, left) };
}

/** The same grant, over now. */
export function ended(grant: Grant, now: Moment): Grant {
  return { ...grant, end: now };
}

/**
 * A grant of before, on the clocks of now. As long as the machine was not started again, the clock that
 * never steps decides. Else Unix time does, but no more is left than there was at first.
 */
export function resumed(grant: Grant, now: Moment, sameBoot: boolean): Grant {
  if (sameBoot) return grant;
  const most = grant.end.monotonic - grant.began.monotonic;
  const left = Math.min(grant.end.unix - now.unix, most);
  return { ...grant, began: later(now, left - most), end: later(now, left) };
}

/**
 * The live grants: found by what they are for, by id, client and address, and due in the order of
 * their ends. Nothing here looks at all of them, but {@link all}.
 */
export class GrantTable {
  readonly #byId = new Map<string, Grant>();
  readonly #byPurpose = new Map<string, string>();
  readonly #ids = new Index();
  readonly #queue = new DueQueue();
  /** The moment for which each grant is in the queue; it can be there for others that do not count any more. */
  readonly #queued = new Map<string, number>();

  all(): Grant[] {
    return [...this.#byId.values()];
  }

  /**
   * The grant that another packet for the same extends. Where the config names other doors by now, that
   * is none; a lease is, because its `run` is not undone yet.
   */
  find(purpose: Purpose, means: Means): Grant | undefined {
    return this.get(this.#byPurpose.get(purposeKey(purpose, means)) ?? '');
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  get(id: string): Grant | undefined {
    return this.#byId.get(id);
  }

  ofClient(client: string): Grant[] {
    return this.#of(clientKey(client));
  }

  ofAddress(address: Uint8Array): Grant[] {
    return this.#of(addressKey(address));
  }

  countOf(client: string): number {
    return this.#ids.count(clientKey(client));
  }

  /** Adds a grant, or puts it in the place of the one with its id. */
  put(grant: Grant): void {
    const { id } = grant;
    this.#byId.set(id, grant);
    this.#byPurpose.set(purposeKey(grant, grant.means), id);
    for (const key of indexKeys(grant)) this.#ids.add(key, id);
    // One that now ends later is queued again when its former end comes.
    if (grant.end.monotonic < (this.#queued.get(id) ?? Infinity)) this.#enqueue(grant);
  }

  remove(id: string): void {
    const grant = this.#byId.get(id);
    if (grant === undefined) return;
    this.#byId.delete(id);
    this.#queued.delete(id);
    const purpose = purposeKey(grant, grant.means);
    if (this.#byPurpose.get(purpose) === id) this.#byPurpose.delete(purpose);
    for (const key of indexKeys(grant)) this.#ids.remove(key, id);
  }

  /**
   * The grants whose end has come, each told once.
   * @param monotonic milliseconds
   */
  takeDue(monotonic: number): Grant[] {
    const due: Grant[] = [];
    for (const { id, at } of this.#queue.takeDue(monotonic)) {
      const grant = this.#byId.get(id);
      if (grant === undefined || this.#queued.get(id) !== at) continue;
      this.#queued.delete(id);
      if (grant.end.monotonic <= monotonic) due.push(grant);
      else this.#enqueue(grant);
    }
    return due;
  }

  /** The moment to ask {@link takeDue} again, if there is one; it may have nothing to say then. */
  get nextDue(): number | undefined {
    return this.#queue.next;
  }

  /**
   * What has to be done to doors so that everybody who holds a grant is let in until the latest end, and
   * nobody else. For one grant that began, was extended, or was removed.
   */
  doorsOf({ means, address }: Grant): DoorState[] {
    if (means.kind !== 'open') return [];
    const byEnd = new Map<number | undefined, Door[]>();
    for (const part of partsOf(means.door)) {
      const end = this.latestEnd(part, address);
      byEnd.set(end, [...(byEnd.get(end) ?? []), part]);
    }
    return Array.from(byEnd, ([end, parts]) => ({ door: joined(parts), address, end }));
  }

  /** Latest end of all grants that open this one port range or set for the address, in monotonic milliseconds. */
  latestEnd(part: Door, address: Uint8Array): number | undefined {
    const ends = this.#of(partKey(part, address)).map(({ end }) => end.monotonic);
    return ends.length === 0 ? undefined : Math.max(...ends);
  }

  #enqueue({ id, end }: Grant): void {
    this.#queue.add(id, end.monotonic);
    this.#queued.set(id, end.monotonic);
  }

  #of(key: string): Grant[] {
    return this.#ids.get(key).flatMap((id) => this.#byId.get(id) ?? []);
  }
}

/** What a door has to be for an address. */
export interface DoorState {
  readonly door: Door;
  readonly address: Uint8Array;
  /** Until when it is open, in monotonic milliseconds; `undefined` if it has to be closed. */
  readonly end: number | undefined;
}

/** Ids under keys. */
class Index {
  readonly #ids = new Map<string, Set<string>>();

  get(key: string): string[] {
    return [...(this.#ids.get(key) ?? [])];
  }

  count(key: string): number {
    return this.#ids.get(key)?.size ?? 0;
  }

  add(key: string, id: string): void {
    const ids = this.#ids.get(key);
    if (ids === undefined) this.#ids.set(key, new Set([id]));
    else ids.add(id);
  }

  remove(key: string, id: string): void {
    const ids = this.#ids.get(key);
    ids?.delete(id);
    if (ids?.size === 0) this.#ids.delete(key);
  }
}

/** Every key that a grant is found by, but its id. */
function indexKeys(grant: Grant): string[] {
  const { client, address, means } = grant;
  const parts = means.kind === 'open' ? partsOf(means.door) : [];
  return [clientKey(client), addressKey(address), ...parts.map((part) => partKey(part, address))];
}

// The first word tells the kinds of key apart.

function clientKey(client: string): string {
  return `client ${client}`;
}

function addressKey(address: Uint8Array): string {
  return `address ${hex(address)}`;
}

/** What tells one port range or set for one address from all others. */
export function partKey(part: Door, address: Uint8Array): string {
  const name = part.kind === 'ports' ? part.ports.map(formatPortRange) : part.sets.map(formatSetName);
  return `${part.kind} ${name.join()} ${hex(address)}`;
}

function purposeKey({ client, action, address, argument }: Purpose, means: Means): string {
  const parts = means.kind === 'open' ? partsOf(means.door).map((part) => partKey(part, address)) : [];
  return `${client} ${action} ${hex(address)} ${means.kind} ${parts.join()} ${argument}`;
}

/** The port ranges or sets of a door, each as a door of its own. */
export function partsOf(door: Door): Door[] {
  return door.kind === 'ports'
    ? door.ports.map((range) => ({ kind: 'ports', ports: [range] }))
    : door.sets.map((set) => ({ kind: 'sets', sets: [set] }));
}

/** One door of several of the same kind. */
function joined(parts: readonly Door[]): Door {
  const ports = parts.flatMap((part) => (part.kind === 'ports' ? part.ports : []));
  const sets = parts.flatMap((part) => (part.kind === 'sets' ? part.sets : []));
  return ports.length > 0 ? { kind: 'ports', ports } : { kind: 'sets', sets };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}
