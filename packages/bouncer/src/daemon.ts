import { minuteOf, type Minute } from '@bouncer-spa/protocol';
import type { Control, SeenPackets } from './core/control.js';
import type { GrantTarget, GrantView } from './core/grant-view.js';
import { windowWidth } from './core/verify.js';
import { carrierSearch, type MinuteSearch } from './core/minute-search.js';
import { WindowTables } from './core/minute-table.js';
import type { Moment } from './core/moment.js';
import type { Status } from './core/status.js';
import { submissionOf, type Submission } from './core/submission.js';
import type { GuardKeeper } from './guard-keeper.js';
import { openState, type State } from './state.js';
import { Supervision } from './supervision.js';
import { Acceptor } from './system/acceptor.js';
import { ClusterMembership } from './system/cluster-membership.js';
import { CaptureSet } from './system/capture-set.js';
import { momentNow, monotonicNow } from './system/clock.js';
import { ConfigError } from './system/config-error.js';
import { loadConfig, type Config } from './system/config-file.js';
import { controlListener } from './system/control-routes.js';
import { ControlSocket } from './system/control-socket.js';
import { statusOf } from './system/daemon-status.js';
import { DecisionLog } from './system/decision-log.js';
import type { GrantKeeper } from './system/grant-keeper.js';
import type { Log } from './system/log.js';
import type { LogPlaces } from './system/log-places.js';
import { MetricsFile } from './system/metrics-file.js';
import { reasonOf } from './system/reason.js';
import type { ReplayStore } from './system/replay-store.js';
import type { Spares } from './system/spares.js';
import { prepareTables } from './system/table-preparation.js';
import { Turns } from './system/turns.js';

/** Milliseconds between looks at the clock: for the rolling filter and the counts in the log. */
const TICK = 1_000;

/** What a daemon starts with. */
export interface Start {
  /** The config's file, read again at each reload. */
  readonly file: string;
  readonly config: Config;
  readonly log: Log;
  readonly logPlaces: LogPlaces;
  /** The program's. */
  readonly version: string;
  /** Whether the log's level stays as it is, whatever the config says. */
  readonly verbose: boolean;
  /** Seconds after which the guard is taken away, unless it is confirmed before. */
  readonly trial: number | undefined;
  readonly spares: Spares;
}

/** What is begun before the rest, since it takes a while. */
interface Beginnings {
  readonly captures: CaptureSet;
  readonly window: WindowTables;
}

/** What turns datagrams into running actions. Wires the edges to the core, and decides nothing itself. */
export class Daemon implements Control {
  readonly #file: string;
  readonly #version: string;
  readonly #verbose: boolean;
  readonly #log: Log;
  readonly #logPlaces: LogPlaces;
  readonly #store: ReplayStore;
  readonly #captures: CaptureSet;
  readonly #guard: GuardKeeper;
  readonly #decisions: DecisionLog;
  readonly #keeper: GrantKeeper;
  readonly #acceptor: Acceptor;
  readonly #control: ControlSocket;
  readonly #metricsFile: MetricsFile;
  readonly #supervision: Supervision;
  readonly #membership: ClusterMembership;
  readonly #started: Moment = momentNow();
  #config: Config;
  #loadedAt = this.#started.unix;
  /** What was wrong at the latest reload. */
  #problems: readonly string[] = [];
  #ticker: NodeJS.Timeout | undefined;
  /** Reloads and filter changes come one after the other. */
  readonly #changes = new Turns();
  #rolling = false;
  /** For which everything is as it should be. */
  #minute: Minute | undefined;
  #stopping = false;

  private constructor(
    { file, verbose, version, config, log, logPlaces }: Start,
    { captures, window }: Beginnings,
    { store, replay, guard, keeper }: State,
  ) {
    this.#file = file;
    this.#version = version;
    this.#verbose = verbose;
    this.#config = config;
    this.#log = log;
    this.#logPlaces = logPlaces;
    this.#captures = captures;
    this.#store = store;
    this.#guard = guard;
    this.#keeper = keeper;
    this.#decisions = new DecisionLog(log, config.log.rejectsPerMinute);
    const { policy, mostRunning, lockout } = config;
    const verifier = { policy, window, carriers: carriersOf(config), replay };
    const decisions = this.#decisions;
    this.#acceptor = new Acceptor({ log, decisions, store, keeper, verifier, mostRunning, lockout });
    this.#membership = new ClusterMembership(this.#acceptor, { replay, keeping: keeper, log });
    this.#control = new ControlSocket(controlListener(this, log), log);
    this.#metricsFile = new MetricsFile(() => this.status(), log);
    const watched = { captures, tally: this.#decisions.tally };
    this.#supervision = new Supervision(process.env, watched, log);
  }

  /**
   * Begins to listen, opens the state and puts the guard in place. What cannot be done yet of the first
   * and the last is tried again. Processes are started and locators computed at the same time; what is
   * heard meanwhile is judged at the end.
   * @throws {StoreError} if the state cannot be used
   */
  static async start(start: Start): Promise<Daemon> {
    const { config, log, trial, spares } = start;
    tellOfLogFile(start.logPlaces.follow(config.log), log);
    const captures = new CaptureSet(config, minuteOf(Date.now()), log, spares.capture);
    captures.start();
    const window = new WindowTables(config.policy);
    void prepareTables(window);
    try {
      const state = await openState(config, trial, spares.check, log);
      const daemon = new Daemon(start, { captures, window }, state);
      await daemon.#begin();
      return daemon;
    } catch (error) {
      await captures.stop();
      throw error;
    }
  }

  /** Joins the other gateways, judges from now on what is heard, and tells about itself. */
  async #begin(): Promise<void> {
    this.#keeper.whenRevoked((grant) => {
      this.#membership.cluster?.revoked(grant);
    });
    const width = windowWidth(this.#acceptor.verifier);
    await this.#membership.goOverTo(await this.#membership.prepare(this.#config, width));
    // Whoever reads that we listen may ask us.
    await this.#control.follow(this.#config.controlSocket);
    this.#captures.judge((datagram) => {
      this.#acceptor.judge(datagram);
    });
    this.#supervision.start();
    this.#ticker = setInterval(() => {
      this.#tick();
    }, TICK);
    await this.#metricsFile.follow(this.#config.metricsFile);
  }

  /** Reads the config again and goes over to it, if nothing is wrong with it. Never throws. */
  async reload(): Promise<readonly string[]> {
    await this.#changes.take(async () => {
      if (this.#stopping) return;
      this.#supervision.reloading();
      try {
        await this.#goOverTo(await loadConfig(this.#file));
        this.#problems = [];
        this.#loadedAt = Date.now();
        this.#log.info({ config: this.#file }, 'config reloaded');
      } catch (error) {
        this.#problems = error instanceof ConfigError ? error.lines : [reasonOf(error)];
        const fields = { problems: this.#problems };
        this.#log.error(fields, `config not reloaded, the old one goes on: ${this.#problems.join('; ')}`);
      }
      this.#supervision.ready();
    });
    return this.#stopping ? ['bouncer is stopping'] : this.#problems;
  }

  /** Settles when packets are heard. */
  get listening(): Promise<void> {
    return this.#captures.listening;
  }

  /** Opens the log's file anew, after somebody has moved it away. */
  reopenLog(): void {
    tellOfLogFile(this.#logPlaces.reopen(), this.#log);
  }

  status(): Status {
    const parts = {
      version: this.#version,
      file: this.#file,
      config: this.#config,
      loadedAt: this.#loadedAt,
      problems: this.#problems,
      startedAt: this.#started.unix,
      uptimeSeconds: Math.round((monotonicNow() - this.#started.monotonic) / 1_000),
      captures: this.#captures.told,
      tally: this.#decisions.tally,
      replay: this.#acceptor.verifier.replay,
      slots: this.#acceptor.running,
      guard: this.#guard.status,
      cluster: this.#membership.cluster?.status,
      grants: this.#keeper.list(),
    };
    return statusOf(parts, Date.now());
  }

  grants(): readonly GrantView[] {
    return this.#keeper.list();
  }

  replay(): SeenPackets {
    const { replay } = this.#acceptor.verifier;
    const packets = Array.from(replay.tags(), ({ minute: at, tag }) => ({
      minute: at,
      tag: Buffer.from(tag).toString('base64'),
    }));
    return { floor: replay.floor, packets };
  }

  async revoke(target: GrantTarget): Promise<readonly GrantView[]> {
    if (this.#stopping) throw new Error('bouncer is stopping');
    return this.#keeper.revoke(target);
  }

  async submit(payload: Uint8Array): Promise<Submission | undefined> {
    if (this.#stopping) throw new Error('bouncer is stopping');
    if (this.#config.carrierAge === undefined) return undefined;
    return new Promise((resolve) => {
      this.#acceptor.judge({ payload, source: undefined, sourcePort: 0 }, (verdict) => {
        resolve(submissionOf(verdict));
      });
    });
  }

  confirm(): Promise<string | undefined> {
    return this.#guard.confirmTrial();
  }

  /** Stops listening, lets running actions end within their limit and closes the state. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#supervision.stopping();
    clearInterval(this.#ticker);
    this.#metricsFile.stop();
    await this.#changes.idle();
    await this.#control.close();
    await this.#captures.stop();
    await this.#acceptor.idle();
    await this.#membership.cluster?.leave();
    await this.#keeper.stop();
    await this.#guard.stop();
    this.#decisions.flush();
    await this.#store.close();
  }

  async #goOverTo(config: Config): Promise<void> {
    if (config.stateFolder !== this.#config.stateFolder) {
      throw new ConfigError(this.#file, [
        { key: 'server.state_dir', reason: 'cannot change while bouncer runs: restart it' },
      ]);
    }
    const window = new WindowTables(config.policy);
    // Until they are ready the old policy goes on, and hears what arrives.
    await prepareTables(window);
    const captures = await this.#captures.prepare(config, minuteOf(Date.now()));
    const { policy, mostRunning } = config;
    const { replay } = this.#acceptor.verifier;
    const verifier = { policy, window, carriers: carriersOf(config), replay };
    const width = windowWidth(verifier);
    let membership;
    try {
      membership = await this.#membership.prepare(config, width);
      await this.#guard.change(config.guard);
    } catch (error) {
      this.#captures.discard(captures);
      if (membership !== undefined) await this.#membership.discard(membership);
      throw error;
    }
    this.#config = config;
    this.#acceptor.follow(verifier, mostRunning, config.lockout);
    await this.#membership.goOverTo(membership);
    this.#membership.cluster?.follow(policy, width);
    this.#keeper.limit(mostRunning);
    this.#decisions.limit(config.log.rejectsPerMinute);
    if (!this.#verbose) this.#log.level(config.log.level);
    tellOfLogFile(this.#logPlaces.follow(config.log), this.#log);
    this.#captures.swap(captures);
    // Not before: a look in between would be one at the former captures.
    this.#minute = undefined;
    await this.#keeper.follow(policy);
    const { clients, actions } = policy;
    this.#decisions.tally.keep(
      new Set(clients.map(({ name }) => name)),
      new Set(actions.map(({ name }) => name)),
    );
    await this.#control.follow(config.controlSocket);
    await this.#metricsFile.follow(config.metricsFile);
  }

  #tick(): void {
    this.#decisions.tick(monotonicNow());
    const now = minuteOf(Date.now());
    if (now === this.#minute) return;
    void prepareTables(this.#acceptor.verifier.window);
    if (this.#rolling) return;
    if (this.#captures.serve(this.#config, now)) {
      this.#minute = now;
      return;
    }
    this.#rolling = true;
    void this.#changes.take(async () => {
      await this.#captures.renew(this.#config, minuteOf(Date.now()));
      this.#rolling = false;
    });
  }
}

/** @param problem why the log's file cannot be written, if so */
function tellOfLogFile(problem: string | undefined, log: Log): void {
  if (problem === undefined) return;
  log.error({ reason: problem }, `the log's file cannot be written: ${problem}; tried again until it works`);
}

function carriersOf({ policy, carrierAge }: Config): MinuteSearch | undefined {
  return carrierAge === undefined ? undefined : carrierSearch(policy, carrierAge);
}
