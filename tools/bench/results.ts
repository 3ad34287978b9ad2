import type { ContenderName, JunkKind } from './contender.js';
import type { Machine } from './machine.js';

/** Everything that was measured, one number for each measurement. */
export interface Results {
  readonly machine: Machine;
  /** When it began, as ISO 8601. */
  readonly date: string;
  readonly seconds: number;
  readonly command: string;
  /** At most; what takes long is repeated as long as there is time. */
  readonly repetitions: number;
  /** What whoever made it has to say of it, written by hand; in Markdown. */
  readonly remark?: string;
  /** Measures that failed, and why. */
  readonly failures: readonly Failure[];
  readonly latency?: readonly LatencyRow[];
  readonly flood?: readonly FloodRow[];
  readonly clients?: readonly ClientsRow[];
  readonly idle?: readonly IdleRow[];
  readonly memory?: readonly MemoryRow[];
  readonly opener?: readonly CommandRow[];
  readonly start?: StartResults;
  readonly cluster?: readonly ClusterRow[];
}

export interface Failure {
  readonly measure: string;
  readonly reason: string;
}

export interface LatencyRow {
  readonly contender: ContenderName;
  readonly milliseconds: number[];
  /** Requests whose action did not run. */
  lost: number;
}

/** One contender under one kind of junk at one rate; of each number one a repetition. */
export interface FloodRow {
  readonly contender: ContenderName | 'nobody';
  readonly junk: JunkKind;
  /** Datagrams a second that were wanted, and that were sent. */
  readonly rate: number;
  readonly reached: number[];
  /** Valid packets sent each time, and of them those whose action ran. */
  readonly valid: number;
  readonly accepted: number[];
  /** Seconds of CPU a second, of all its processes, while junk came alone. */
  readonly cpuShare: number[];
  /** CPU seconds of all its processes and of the actions, from the first valid packet to the last action. */
  readonly cpuSeconds: number[];
  /** Microseconds of CPU that sending a datagram cost, with all that the kernel did on its way. */
  readonly senderCost: number[];
}

/** Costs in microseconds of CPU, of all processes. */
export interface ClientsRow {
  readonly contender: ContenderName;
  readonly clients: number;
  /** For each valid packet, its action's process included. */
  readonly valid: number[];
  /** Valid packets that were sent, and those whose action did not run. */
  sent: number;
  lost: number;
  /** For each junk datagram that was sent. */
  readonly junk: Partial<Record<JunkKind, number[]>>;
  readonly startMilliseconds: number[];
}

export interface IdleRow {
  readonly contender: ContenderName;
  readonly clients: number;
  /** Seconds of CPU a second. */
  readonly cpuShare: number[];
}

/** Bytes of all processes together. */
export interface MemoryRow {
  readonly contender: ContenderName | 'node';
  readonly clients: number;
  readonly processes: number[];
  readonly resident: number[];
  readonly proportional: number[];
}

/** Gateways with one store between them. */
export interface ClusterRow {
  /** 0 stands for one that is alone, without a store. */
  readonly gateways: number;
  /** From a packet's sending to its action, one packet at a time, at one of them. */
  readonly milliseconds: number[];
  /** Valid packets a second, each of which runs an action, at all of them together. */
  readonly perSecond: number[];
  /** Milliseconds from an acceptance to the moment that the last of the others takes the grant up. */
  readonly spread: number[];
}

export type CommandName = 'node' | 'opener' | 'fwknop';

export interface CommandRow {
  readonly command: CommandName;
  readonly milliseconds: number[];
}

export interface StartResults {
  readonly starts: readonly { readonly contender: ContenderName | 'node'; readonly milliseconds: number[] }[];
  readonly reloads: readonly ReloadRow[];
}

export interface ReloadRow {
  readonly clients: number;
  readonly milliseconds: number[];
  /** Packets sent while it reloaded, and those whose action ran. */
  readonly sent: number;
  readonly accepted: number;
}
