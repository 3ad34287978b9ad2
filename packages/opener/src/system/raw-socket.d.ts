/** The part of `raw-socket` 1.8.1 that is used; the package ships no types. */
declare module 'raw-socket' {
  import type { EventEmitter } from 'node:events';

  interface Socket extends EventEmitter {
    send(
      buffer: Buffer,
      offset: number,
      length: number,
      address: string,
      done: (error: Error | null, bytes: number) => void,
    ): this;
    close(): this;
  }

  const raw: {
    readonly AddressFamily: { readonly IPv4: number; readonly IPv6: number };
    /** @throws {Error} without the privilege */
    createSocket(options: { readonly protocol: number; readonly addressFamily: number }): Socket;
  };
  export default raw;
}
