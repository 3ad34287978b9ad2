import type { ChildProcess } from 'node:child_process';
import type { Arena } from './arena.js';
import type { Junk } from './flood.js';
import type { Request } from './request-sender.js';

export type ContenderName =
  'bouncer' | 'fwknopd' | 'knockd' | 'floor-c' | 'floor-node-durable' | 'floor-node';

export type JunkKind = 'random' | 'right length' | 'sniffed gate' | 'sniffed gate and locator';

export interface Conditions {
  /** Clients that it knows. */
  readonly clients: number;
  /** The Node.js that runs it, if any does. */
  readonly node?: string;
}

/** A listener, set up to run the benchmark's action. */
export interface Contender {
  readonly name: ContenderName;
  /** As the page calls it. */
  readonly label: string;
  /** Milliseconds between two valid packets, so that it loses none as long as nothing else comes. */
  readonly pause: number;
  /** Starts it on the arena's server. Settles when it listens. */
  readonly start: (arena: Arena, conditions: Conditions) => Promise<Listener>;
}

/** A contender that listens. */
export interface Listener {
  /** Milliseconds from starting the process until it listened. */
  readonly startMilliseconds: number;
  /** The port at which it gets junk. */
  readonly port: number;
  /** New valid requests, each good for one run of the action. */
  readonly requests: (count: number) => Request[];
  /** The kinds of junk that mean something to it. */
  readonly junk: (kind: JunkKind) => Junk | undefined;
  /** Has it read its config again; settles when it has. @returns milliseconds */
  readonly reload?: () => Promise<number>;
  /** Ends its process, and settles when it is gone. */
  readonly stop: () => Promise<void>;
}

export const RANDOM_JUNK: Junk = { shape: 'any', head: '' };

/** The end of a process that is not asked politely. */
export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}
