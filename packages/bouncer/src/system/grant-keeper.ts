import { setTimeout as sleep } from 'node:timers/promises';
import type { Doorkeeper } from '../core/door.js';
import type { GrantName } from '../core/cluster-grant.js';
import { chosenBy } from '../core/grant-choice.js';
import { viewOf, type GrantState, type GrantTarget, type GrantView } from '../core/grant-view.js';
import { ended, GrantTable, type Grant } from '../core/grants.js';
import type { Moment } from '../core/moment.js';
import type { Policy } from '../core/policy.js';
import type { ReplayRecord } from '../core/replay-cache.js';
import { succeeded, type Command, type Outcome } from './action-process.js';
import { momentNow, monotonicNow } from './clock.js';
import { GrantAdmission, type Admission, type GrantRequest } from './grant-admission.js';
import { adopt } from './grant-adoption.js';
import { GrantDoors } from './grant-doors.js';
import { GrantJournal } from './grant-journal.js';
import type { GrantEvents, EndReason } from './grant-events.js';
import { revive } from './grant-revival.js';
import { LeaseFolder } from './lease-folder.js';
import { Lease } from './lease.js';
import type { StoreContent } from './replay-content.js';
import type { ReplayStore } from './replay-store.js';
import { Turnstile } from './turnstile.js';

/** Longest time that a timer can be set to, in milliseconds. */
const LONGEST_TIMER = 0x7fff_ffff;

/** Milliseconds for which whoever revokes a grant waits for it to be closed. */
const PATIENCE = 5_000;

/** What a keeper of grants is made with. */
export interface GrantKeeperParts {
  readonly store: Pick<ReplayStore, 'record' | 'change'>;
  readonly stateFolder: string;
  readonly doorkeeper: Doorkeeper;
  readonly events: GrantEvents;
  /** Most `stop`s that run at once. */
  readonly mostRunning: number;
}

/**
 * Keeps the grants: on disk before they begin, in the kernel or by their commands while they last, and
 * ended when they are due, whatever happens in between.
 */
export class GrantKeeper {
  readonly #table = new GrantTable();
  readonly #journal: GrantJournal;
  readonly #folder: LeaseFolder;
  readonly #doors: GrantDoors;
  readonly #admission: GrantAdmission;
  readonly #events: GrantEvents;
  readonly #turnstile: Turnstile;
  readonly #leases = new Map<string, Lease>();
  /** Grants that are being closed, and why. */
  readonly #closing = new Map<string, { readonly reason: EndReason; readonly done: Promise<void> }>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #onRevocation: (grant: Grant) => void = () => undefined;

  private constructor({ store, stateFolder, doorkeeper, events, mostRunning }: GrantKeeperParts) {
    this.#events = events;
    this.#folder = new LeaseFolder(stateFolder);
    this.#journal = new GrantJournal(store, this.#folder, events);
    this.#turnstile = new Turnstile(mostRunning);
    this.#doors = new GrantDoors(doorkeeper, this.#table, {
      failed: (grant, reason) => {
        events.doorFailed(grant, reason);
      },
      mended: (grant) => {
        events.doorMended(grant);
        if (this.#closing.has(grant.id)) this.#drop(grant);
      },
    });
    this.#admission = new GrantAdmission(this.#table, this.#journal, {
      isOver: (grant, now) => this.#isOver(grant, now),
      add: (grant) => {
        this.#add(grant);
      },
      recorded: () => {
        this.#setTimer();
      },
      withdraw: ({ id }) => {
        this.#table.remove(id);
        this.#leases.delete(id);
      },
    });
  }

  /** Takes up the grants of before: closes what is overdue or nobody's any more, and has the rest go on. */
  static async start(parts: GrantKeeperParts, content: StoreContent, policy: Policy): Promise<GrantKeeper> {
    const keeper = new GrantKeeper(parts);
    const revival = revive(content, keeper.#folder, momentNow());
    for (const [grant, what] of revival.findings) parts.events.found(grant, what);
    for (const { grant, begun } of revival.grants) keeper.#resume(grant, begun);
    await keeper.#journal.write({ put: revival.grants.map(({ grant }) => grant), remove: revival.over });
    await keeper.follow(policy);
    await keeper.#doors.settleAll(content.damaged ? 'keep' : 'close');
    keeper.#setTimer();
    return keeper;
  }

  /** The live grants, those that are being closed among them. */
  list(): GrantView[] {
    return this.#table.all().map((grant) => this.#view(grant));
  }

  /**
   * Records an accepted packet and what it grants, in one step. Nothing is opened or run yet.
   * @returns `undefined` if the client has as many grants as it may, and then nothing is recorded
   * @throws {StoreError} if it may not be on disk
   */
  admit(request: GrantRequest, record: ReplayRecord): Promise<Admission | undefined> {
    return this.#admission.admit(request, record);
  }

  /** Opens the doors of a grant that was admitted. */
  async open({ id }: Grant): Promise<void> {
    const grant = this.#table.get(id);
    if (grant !== undefined) await this.#doors.settle(grant);
  }

  /**
   * Runs the command of a lease that was admitted. If that fails, the lease is over.
   * @returns how the command ended; `undefined` if the lease was over before the command could begin
   */
  async begin({ grant, former }: Admission, command: Command): Promise<Outcome | undefined> {
    const lease = this.#leases.get(grant.id);
    if (former !== undefined) await this.#makeWay(former, grant);
    const outcome = await lease?.begin(command, () => this.#table.get(grant.id) ?? grant);
    if (outcome !== undefined && !succeeded(outcome)) await this.#end([grant], 'failed');
    return outcome;
  }

  /** Ends grants before their time. @returns what they were, with what has become of them within some seconds */
  async revoke(target: GrantTarget): Promise<GrantView[]> {
    const grants = await this.#end(chosenBy(target, this.#table), 'revoked');
    const done = Promise.all(grants.flatMap(({ id }) => this.#closing.get(id)?.done ?? []));
    const patience = new AbortController();
    await Promise.race([done, sleep(PATIENCE, undefined, { signal: patience.signal })]);
    patience.abort();
    return grants.map((grant) => this.#view(this.#table.get(grant.id) ?? grant));
  }

  /** Has something done with each grant that is revoked, as it was before. */
  whenRevoked(work: (grant: Grant) => void): void {
    this.#onRevocation = work;
  }

  /** The live grants as they are. */
  all(): readonly Grant[] {
    return this.#table.all();
  }

  /**
   * Takes up grants for doors that other gateways have begun or extended, and opens their doors.
   * @param isLive whether one still holds when its turn has come
   */
  async adopt(grants: readonly Grant[], isLive: (grant: Grant) => boolean): Promise<void> {
    const taken = await adopt(grants, this.#table, this.#journal, (id) => this.#closing.has(id), isLive);
    this.#setTimer();
    for (const grant of taken) {
      this.#events.adopted(grant);
      await this.#doors.settle(this.#table.get(grant.id) ?? grant);
    }
  }

  /** Ends grants that were revoked elsewhere. */
  async end(names: readonly GrantName[]): Promise<void> {
    const named = names.flatMap(({ id, client }) => {
      const grant = this.#table.get(id);
      return grant?.client === client ? grant : [];
    });
    await this.#end(named, 'revoked');
  }

  /** Goes over to another policy: ends the grants whose client or action is gone, and leaves the others alone. */
  async follow(policy: Policy): Promise<void> {
    const grants = this.#table.all();
    const actions = new Set(policy.actions.map(({ name }) => name));
    // Of 100,000 clients, few have any.
    const holders = new Set(grants.map(({ client }) => client));
    const left = policy.clients.filter(({ name }) => holders.has(name));
    const clients = new Map(left.map((client) => [client.name, client]));
    const isGone = ({ client, action }: Grant): boolean =>
      !actions.has(action) || clients.get(client)?.actions.has(action) !== true;
    await this.#end(grants.filter(isGone), 'gone');
  }

  /** Makes the kernel's doors what they should be, after somebody else has changed them. */
  async reconcile(): Promise<void> {
    await this.#doors.settleAll('close');
  }

  /** Goes on with another limit. */
  limit(mostRunning: number): void {
    this.#turnstile.limit(mostRunning);
  }

  /** Lets running commands end and ends nothing else: the next start goes on with it. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#doors.stop();
    for (const lease of this.#leases.values()) lease.letGo();
    await Promise.all(Array.from(this.#closing.values(), ({ done }) => done));
    await Promise.all(Array.from(this.#leases.values(), (lease) => lease.idle()));
    await this.#journal.close();
    this.#events.left(this.#table.all());
  }

  #resume(grant: Grant, begun: 'now' | 'before'): void {
    const lease = this.#add(grant);
    lease?.resume();
    const run = begun === 'now' ? lease?.awaitRun() : undefined;
    if (grant.end.monotonic <= monotonicNow()) this.#close(grant, 'expired');
    else if (run !== undefined) void this.#endUnless(run, grant);
  }

  /** Ends a lease whose `run` a daemon before us has begun, unless it succeeds. */
  async #endUnless(run: Promise<boolean | undefined>, grant: Grant): Promise<void> {
    if ((await run) !== true) await this.#end([grant], 'failed');
  }

  #add(grant: Grant): Lease | undefined {
    this.#table.put(grant);
    const { means } = grant;
    if (means.kind !== 'lease') return undefined;
    const lease = new Lease(grant, means.stop, this.#folder, this.#turnstile, {
      stopEnded: (outcome, tries) => {
        this.#events.stopEnded(grant, outcome, tries);
      },
    });
    this.#leases.set(grant.id, lease);
    return lease;
  }

  /**
   * Waits until the lease of before for the same purpose has been closed, or its `stop` has failed. In
   * that case the new one takes its place: an owner must not be locked out by a `stop` that finds nothing to undo.
   */
  async #makeWay(former: Grant, grant: Grant): Promise<void> {
    const lease = this.#leases.get(former.id);
    await lease?.firstTry();
    if (lease === undefined || !this.#table.has(former.id) || !sameStop(former, grant)) return;
    lease.letGo();
    this.#drop(former);
  }

  #isOver({ id, end }: Grant, { monotonic }: Moment): boolean {
    return this.#closing.has(id) || end.monotonic <= monotonic;
  }

  /** Ends grants now. That is on disk before anything is closed, so that none is taken up again. */
  async #end(grants: readonly Grant[], reason: EndReason): Promise<Grant[]> {
    if (grants.length === 0) return [];
    return this.#journal.inTurn(async () => {
      const now = momentNow();
      const live = grants
        .flatMap(({ id }) => this.#table.get(id) ?? [])
        .filter(({ id }) => !this.#closing.has(id));
      const over = live.map((grant) => ended(grant, now));
      await this.#journal.write({ put: over });
      if (reason === 'revoked') for (const grant of live) this.#onRevocation(grant);
      for (const grant of over) {
        this.#table.put(grant);
        this.#close(grant, reason);
      }
      return over;
    });
  }

  #close(grant: Grant, reason: EndReason): void {
    if (this.#closing.has(grant.id)) return;
    const closed = this.#leases.get(grant.id)?.close() ?? this.#doors.settle(grant);
    const done = closed.then((isClosed) => {
      if (isClosed) this.#drop(grant);
    });
    this.#closing.set(grant.id, { reason, done });
  }

  /** Forgets a grant that is closed. */
  #drop(grant: Grant): void {
    const { id } = grant;
    if (!this.#table.has(id)) return;
    const reason = this.#closing.get(id)?.reason ?? 'expired';
    this.#table.remove(id);
    this.#leases.delete(id);
    this.#closing.delete(id);
    this.#journal.forget(grant);
    this.#events.ended(grant, reason);
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const next = this.#table.nextDue;
    if (next === undefined || this.#stopped) return;
    const left = Math.max(0, Math.ceil(next - monotonicNow()));
    this.#timer = setTimeout(
      () => {
        // In turn, so that nothing is closed that is just being extended.
        void this.#journal.inTurn(() => {
          this.#sweep();
        });
      },
      Math.min(left, LONGEST_TIMER),
    );
  }

  #sweep(): void {
    for (const grant of this.#table.takeDue(monotonicNow())) {
      // The kernel has ended it.
      if (grant.means.kind === 'open' && !this.#closing.has(grant.id)) this.#drop(grant);
      else this.#close(grant, 'expired');
    }
    this.#setTimer();
  }

  #view(grant: Grant): GrantView {
    const lease = this.#leases.get(grant.id);
    const failure = lease?.failure ?? this.#doors.failureOf(grant.id);
    return viewOf(grant, this.#stateOf(grant, lease, failure), failure, monotonicNow());
  }

  #stateOf({ id }: Grant, lease: Lease | undefined, failure: string | undefined): GrantState {
    if (!this.#table.has(id)) return 'closed';
    if (failure !== undefined) return 'failing';
    if (this.#closing.has(id)) return 'closing';
    return lease?.isRunning === true ? 'starting' : 'open';
  }
}

function sameStop(a: Grant, b: Grant): boolean {
  if (a.means.kind !== 'lease' || b.means.kind !== 'lease') return false;
  return a.means.stop.argv.join('\0') === b.means.stop.argv.join('\0');
}
