import type { Command } from './command.js';

/** A command as the general help lists it. Its own file is loaded only when it is called. */
export interface CommandEntry {
  readonly name: string;
  /** Half a sentence. */
  readonly summary: string;
  load(): Promise<{ readonly command: Command }>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'write a first config, with what it needs',
    load: () => import('./init.js'),
  },
  {
    name: 'run',
    summary: 'listen until SIGTERM; SIGHUP reads the config again',
    load: () => import('./run.js'),
  },
  {
    name: 'check',
    summary: 'read the config and say everything that is wrong with it',
    load: () => import('./check.js'),
  },
  {
    name: 'grants',
    summary: 'list what is open, for whom and for how long',
    load: () => import('./grants.js'),
  },
  {
    name: 'revoke',
    summary: 'end grants before their time',
    load: () => import('./revoke.js'),
  },
  {
    name: 'reload',
    summary: 'have the daemon read its config again, and say what came of it',
    load: () => import('./reload.js'),
  },
  {
    name: 'status',
    summary: 'show how the daemon fares',
    load: () => import('./status.js'),
  },
  {
    name: 'diagnose',
    summary: 'say for a minute of each datagram at the port what is wrong with it',
    load: () => import('./diagnose.js'),
  },
  {
    name: 'explain',
    summary: 'say the same of the datagrams in a capture file',
    load: () => import('./explain.js'),
  },
  {
    name: 'submit',
    summary: 'hand the daemon a packet that came by another way, such as by mail',
    load: () => import('./submit.js'),
  },
  {
    name: 'client',
    summary: 'add, list, rotate or remove a client',
    load: () => import('./client.js'),
  },
  {
    name: 'confirm',
    summary: 'keep the guard that is on trial',
    load: () => import('./confirm.js'),
  },
  {
    name: 'firewall',
    summary: 'show the guard as the kernel has it, or remove it',
    load: () => import('./firewall.js'),
  },
];
