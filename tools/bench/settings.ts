/** How much is measured: enough to say something, and within a quarter of an hour. */
export interface Settings {
  /** Times that each measure is repeated, all contenders in turn each time. */
  readonly repetitions: number;
  /** Seconds from the beginning after which what takes longest is not repeated any more. */
  readonly seconds: number;
  readonly latency: { readonly requests: number };
  readonly flood: {
    /** Datagrams a second. */
    readonly rates: readonly number[];
    readonly valid: number;
    /** Valid packets for who needs long pauses between them. */
    readonly fewValid: number;
    /** Milliseconds of junk alone, before the valid packets. */
    readonly junkAlone: number;
  };
  readonly clients: {
    readonly counts: readonly number[];
    readonly valid: number;
    /** Datagrams of each kind. */
    readonly junk: number;
    /** Datagrams a second. */
    readonly rate: number;
  };
  readonly idle: { readonly seconds: number; readonly repetitions: number; readonly clients: number };
  readonly opener: { readonly rounds: number };
  /** Valid packets for each gateway. */
  readonly cluster: { readonly packets: number };
  readonly start: { readonly starts: number; readonly reloads: number; readonly reloadsWithMany: number };
}

export const FULL: Settings = {
  repetitions: 3,
  seconds: 840,
  latency: { requests: 40 },
  flood: { rates: [10_000, 50_000, 100_000, 300_000], valid: 100, fewValid: 20, junkAlone: 700 },
  clients: { counts: [1, 100, 10_000, 100_000], valid: 100, junk: 20_000, rate: 20_000 },
  idle: { seconds: 60, repetitions: 1, clients: 100_000 },
  opener: { rounds: 60 },
  cluster: { packets: 400 },
  start: { starts: 3, reloads: 20, reloadsWithMany: 3 },
};

export const QUICK: Settings = {
  repetitions: 1,
  seconds: 840,
  latency: { requests: 10 },
  flood: { rates: [10_000, 100_000], valid: 30, fewValid: 10, junkAlone: 300 },
  clients: { counts: [1, 1_000], valid: 20, junk: 5_000, rate: 20_000 },
  idle: { seconds: 3, repetitions: 1, clients: 1_000 },
  opener: { rounds: 5 },
  cluster: { packets: 100 },
  start: { starts: 2, reloads: 4, reloadsWithMany: 1 },
};
