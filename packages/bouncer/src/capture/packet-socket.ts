import { closeSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs';

/** What the kernel says of the packet sockets of this network namespace (net/packet/af_packet.c). */
const TABLE = '/proc/net/packet';

/** Columns of the table: index of the interface, whether the socket runs. The last one is its inode. */
const COLUMN = { interface: 4, running: 5 } as const;

/** Bytes that are read at once: some 100 sockets. */
const PIECE = 8 * 1024;

/**
 * The packet socket that libpcap has opened. When its interface goes away, the kernel tells so once,
 * as an error of the socket; if libpcap sees that first, `cap` never learns of it and waits for ever.
 */
export class PacketSocket {
  /** Kept open, since it is read every second. */
  readonly #table: number;
  readonly #piece = Buffer.alloc(PIECE);
  readonly #end: RegExp;

  private constructor(table: number, inode: string) {
    this.#table = table;
    this.#end = new RegExp(` ${inode} *\n`);
  }

  /** Finds the only packet socket of this process. Needs the privileges that it was opened with. */
  static find(): PacketSocket | undefined {
    const table = openSync(TABLE, 'r');
    for (const descriptor of readdirSync('/proc/self/fd')) {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(targetOf(descriptor)) ?? [];
      if (inode === undefined) continue;
      const socket = new PacketSocket(table, inode);
      if (socket.#row() !== undefined) return socket;
    }
    closeSync(table);
    return undefined;
  }

  /** Whether it still is at an interface that is up. */
  get isRunning(): boolean {
    const row = this.#row();
    return row?.[COLUMN.running] === '1' && row[COLUMN.interface] !== '-1';
  }

  /** Its columns before the last, as the table is now; `undefined` if it is not there. */
  #row(): string[] | undefined {
    let text = '';
    for (;;) {
      const size = readSync(this.#table, this.#piece, 0, PIECE, text.length);
      if (size === 0) return undefined;
      text += this.#piece.toString('latin1', 0, size);
      const end = this.#end.exec(text)?.index;
      if (end !== undefined) return text.slice(text.lastIndexOf('\n', end) + 1, end).split(/ +/);
    }
  }
}

function targetOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return ''; // the descriptor of the listing itself, closed since
  }
}
