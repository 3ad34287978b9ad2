import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What the kernel says of the packet sockets of this network namespace (net/packet/af_packet.c). */
const TABLE = '/proc/net/packet';

/** Columns of the table: index of the interface, whether the socket runs, inode. */
const COLUMN = { interface: 4, running: 5, inode: 8 } as const;

/**
 * The packet socket that libpcap has opened. When its interface goes away, the kernel tells so once,
 * as an error of the socket; if libpcap sees that first, `cap` never learns of it and waits for ever.
 */
export class PacketSocket {
  readonly #inode: string;

  private constructor(inode: string) {
    this.#inode = inode;
  }

  /** Finds the only packet socket of this process. Needs the privileges that it was opened with. */
  static find(): PacketSocket | undefined {
    const inodes = new Set(rows().map((row) => row[COLUMN.inode]));
    for (const descriptor of readdirSync('/proc/self/fd')) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(targetOf(descriptor)) ?? [];
      if (inode !== undefined && inodes.has(inode)) return new PacketSocket(inode);
    }
    return undefined;
  }

  /** Whether it still is at an interface that is up. */
  get isRunning(): boolean {
    const row = rows().find((columns) => columns[COLUMN.inode] === this.#inode);
    return row?.[COLUMN.running] === '1' && row[COLUMN.interface] !== '-1';
  }
}

function rows(): string[][] {
  return readFileSync(TABLE, 'ascii')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
}

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return ''; // the descriptor of the listing itself, closed since
  }
}
