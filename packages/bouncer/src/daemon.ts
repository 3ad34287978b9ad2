import { MAX_DELTA, minute, minuteOf } from '@bouncer-spa/protocol';
import { formatAddress } from './core/address.js';
import type { Control } from './core/control.js';
import { CarrierTables } from './core/carrier-tables.js';
import type { Arrival } from './core/datagram.js';
import { WindowTables } from './core/minute-table.js';
import { ReplayCache } from './core/replay-cache.js';
import type { Status } from './core/status.js';
import { submissionOf, type Submission } from './core/submission.js';
import { actionEnvironment, actionValues, fillIn } from './core/template.js';
import type { Accept, Reject, Verdict } from './core/verdict.js';
import { verify, windowWidth, type Moment, type Verifier } from './core/verify.js';
import { runCommand, type Outcome } from './system/action-process.js';
import { ActionSlots } from './system/action-slots.js';
import { CaptureSet } from './system/capture-set.js';
import { ConfigError } from './system/config-error.js';
import { loadConfig, type Config } from './system/config-file.js';
import { controlListener } from './system/control-routes.js';
import { ControlSocket } from './system/control-socket.js';
import { statusOf } from './system/daemon-status.js';
import { DecisionLog } from './system/decision-log.js';
import type { Log } from './system/log.js';
import { MetricsFile } from './system/metrics-file.js';
import { reasonOf } from './system/reason.js';
import { ReplayStore } from './system/replay-store.js';
import { prepareTables } from './system/table-preparation.js';

/** Milliseconds between looks at the clock: for the rolling filter and the counts in the log. */
const TICK = 1_000;

/** What a daemon starts with. */
export interface Start {
  /** The config's file, read again at each reload. */
  readonly file: string;
  readonly config: Config;
  readonly log: Log;
  /** The program's. */
  readonly version: string;
  /** Whether the log's level stays as it is, whatever the config says. */
  readonly verbose: boolean;
}

/** What turns datagrams into running actions. Wires the edges to the core, and decides nothing itself. */
export class Daemon implements Control {
  readonly #file: string;
  readonly #version: string;
  readonly #verbose: boolean;
  readonly #log: Log;
  readonly #store: ReplayStore;
  readonly #captures: CaptureSet;
  readonly #decisions: DecisionLog;
  readonly #slots: ActionSlots;
  readonly #control: ControlSocket;
  readonly #metricsFile: MetricsFile;
  readonly #started: Moment = moment();
  #config: Config;
  #loadedAt = this.#started.unix;
  /** What was wrong at the latest reload. */
  #problems: readonly string[] = [];
  #verifier: Verifier;
  #ticker: NodeJS.Timeout | undefined;
  /** Reloads and filter changes come one after the other. */
  #changes: Promise<void> = Promise.resolve();
  #rolling = false;
  #stopping = false;

  private constructor(
    { file, verbose, version, config, log }: Start,
    store: ReplayStore,
    replay: ReplayCache,
  ) {
    this.#file = file;
    this.#version = version;
    this.#verbose = verbose;
    this.#config = config;
    this.#log = log;
    this.#store = store;
    const { policy } = config;
    this.#verifier = { policy, window: new WindowTables(policy), carriers: carriersOf(config), replay };
    this.#decisions = new DecisionLog(log, config.log.rejectsPerMinute);
    this.#slots = new ActionSlots(config.mostRunning);
    this.#control = new ControlSocket(controlListener(this, log), log);
    this.#metricsFile = new MetricsFile(() => this.status(), log);
    this.#captures = new CaptureSet(config, minuteOf(Date.now()), log, (datagram) => {
      this.#judge(datagram);
    });
  }

  /**
   * Opens the state and begins to listen. A capture that cannot be opened yet is tried again.
   * @throws {StoreError} if the state cannot be used
   */
  static async start(start: Start): Promise<Daemon> {
    const { config, log } = start;
    // What was accepted up to now lies at most the largest delta ahead, whatever delta was then.
    const unreachable = minute(minuteOf(Date.now()) + MAX_DELTA + 1);
    const { store, content } = await ReplayStore.open(config.stateFolder, unreachable, (aside, reason) => {
      log.error(
        { reason, aside },
        `the replay cache was damaged and is put aside in ${aside}; accepting nothing until its window is over`,
      );
    });
    const latest = minuteOf(Date.now()) + config.policy.delta;
    if (content.floor > latest) {
      const fields = { floor: content.floor, latest };
      log.error(
        fields,
        `nothing is accepted for ${content.floor - latest} minutes, until the floor of the replay cache: is the clock right?`,
      );
    }
    const daemon = new Daemon(start, store, new ReplayCache(content));
    daemon.#captures.start();
    void prepareTables(daemon.#verifier.window);
    daemon.#ticker = setInterval(() => {
      daemon.#tick();
    }, TICK);
    await daemon.#serve(config);
    return daemon;
  }

  /** Reads the config again and goes over to it, if nothing is wrong with it. Never throws. */
  async reload(): Promise<readonly string[]> {
    await this.#change(async () => {
      if (this.#stopping) return;
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
    });
    return this.#stopping ? ['bouncer is stopping'] : this.#problems;
  }

  status(): Status {
    const parts = {
      version: this.#version,
      file: this.#file,
      config: this.#config,
      loadedAt: this.#loadedAt,
      problems: this.#problems,
      startedAt: this.#started.unix,
      uptimeSeconds: Math.round((performance.now() - this.#started.monotonic) / 1_000),
      captures: this.#captures.told,
      tally: this.#decisions.tally,
      replay: this.#verifier.replay,
      slots: this.#slots,
    };
    return statusOf(parts, Date.now());
  }

  async submit(payload: Uint8Array): Promise<Submission | undefined> {
    if (this.#stopping) throw new Error('bouncer is stopping');
    if (this.#config.carrierAge === undefined) return undefined;
    return new Promise((resolve) => {
      this.#judge({ payload, source: undefined, sourcePort: 0 }, (verdict) => {
        resolve(submissionOf(verdict));
      });
    });
  }

  /** Stops listening, lets running actions end within their limit and closes the state. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#ticker);
    this.#metricsFile.stop();
    await this.#changes;
    await this.#control.close();
    await this.#captures.stop();
    await this.#slots.idle();
    this.#decisions.flush();
    await this.#store.close();
  }

  /** @param decided told the decision, when it is on disk */
  #judge(arrival: Arrival, decided: (verdict: Verdict) => void = () => undefined): void {
    const now = moment();
    const verdict = verify(this.#verifier, arrival, now);
    if (!verdict.accepted) decided(this.#reject(verdict, arrival, now));
    else if (!this.#slots.take()) {
      const { claim, tag } = verdict;
      decided(this.#reject({ accepted: false, reason: 'busy', claim, tag }, arrival, now));
    } else {
      void this.#act(verdict, arrival, now, decided)
        .catch((err: unknown) => {
          this.#log.error({ err }, `an accepted packet could not be acted on: ${reasonOf(err)}`);
        })
        .finally(() => {
          this.#slots.giveBack();
        });
    }
  }

  #reject(reject: Reject, arrival: Arrival, now: Moment): Reject {
    if (reject.tag !== undefined) this.#verifier.replay.spend(reject.tag, arrival.source, now.monotonic);
    this.#decisions.rejected(reject, arrival, now);
    return reject;
  }

  /** Records, then runs: if anything ends us in between, the packet is spent but never used twice. */
  async #act(
    accept: Accept,
    arrival: Arrival,
    now: Moment,
    decided: (verdict: Verdict) => void,
  ): Promise<void> {
    const { policy, replay } = this.#verifier;
    const { claim, tag } = accept;
    const action = policy.actions.find(({ name }) => name === claim.action);
    if (action === undefined) return;
    // In the same step as the check, so that of two equal packets only one can pass.
    const record = replay.remember(
      claim.minute,
      tag,
      windowWidth(this.#verifier),
      arrival.source,
      now.monotonic,
    );
    try {
      await this.#store.record(record);
    } catch (error) {
      const rejected = { accepted: false, reason: 'not-recorded', claim } as const;
      this.#decisions.rejected(rejected, arrival, now, reasonOf(error));
      decided(rejected);
      return;
    }
    this.#decisions.accepted(accept, arrival, now);
    decided(accept);
    const values = actionValues(policy, arrival, accept);
    const outcome = await runCommand({
      argv: fillIn(action.run, values),
      environment: actionEnvironment(values),
      timeout: action.timeout,
    });
    this.#reportOutcome(accept, outcome);
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
    this.#config = config;
    this.#verifier = { ...this.#verifier, policy: config.policy, window, carriers: carriersOf(config) };
    this.#slots.limit(config.mostRunning);
    this.#decisions.limit(config.log.rejectsPerMinute);
    if (!this.#verbose) this.#log.level(config.log.level);
    this.#captures.swap(captures);
    const { clients, actions } = config.policy;
    this.#decisions.tally.keep(
      new Set(clients.map(({ name }) => name)),
      new Set(actions.map(({ name }) => name)),
    );
    await this.#serve(config);
  }

  /** What tells about us follows the config. */
  async #serve(config: Config): Promise<void> {
    await this.#control.follow(config.controlSocket);
    await this.#metricsFile.follow(config.metricsFile);
  }

  #tick(): void {
    this.#decisions.tick(performance.now());
    void prepareTables(this.#verifier.window);
    if (this.#rolling || this.#captures.serve(this.#config, minuteOf(Date.now()))) return;
    this.#rolling = true;
    void this.#change(async () => {
      await this.#captures.renew(this.#config, minuteOf(Date.now()));
      this.#rolling = false;
    });
  }

  #change(work: () => Promise<void>): Promise<void> {
    this.#changes = this.#changes.then(work);
    return this.#changes;
  }

  #reportOutcome({ claim, address }: Accept, outcome: Outcome): void {
    const { client, action } = claim;
    const { status, signal, failure, timedOut, milliseconds, output, outputSize } = outcome;
    const fields = {
      client,
      action,
      address: formatAddress(address),
      status,
      signal,
      failure,
      timed_out: timedOut,
      milliseconds,
      output,
      output_size: outputSize,
    };
    const succeeded = status === 0 && !timedOut;
    this.#log[succeeded ? 'info' : 'error'](fields, `action ${action} of ${client} ${describe(outcome)}`);
  }
}

function carriersOf({ policy, carrierAge }: Config): CarrierTables | undefined {
  return carrierAge === undefined ? undefined : new CarrierTables(policy, carrierAge);
}

function describe({ status, signal, failure, timedOut }: Outcome): string {
  if (failure !== undefined) return `could not be started: ${failure}`;
  if (timedOut) return 'was ended at its time limit';
  return signal === undefined ? `exited with status ${status ?? 'unknown'}` : `was ended by ${signal}`;
}

function moment(): Moment {
  return { unix: Date.now(), monotonic: performance.now() };
}
