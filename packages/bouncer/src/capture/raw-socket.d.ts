/** The part of `raw-socket` 1.8.1 that is used; the package ships no types. */
declare module 'raw-socket' {
  import type { EventEmitter } from 'node:events';

  interface Options {
    readonly addressFamily: number;
    readonly protocol: number;
    readonly bufferSize: number;
  }

  interface Socket extends EventEmitter {
    setOption(level: number, option: number, value: Buffer, length: number): void;
    on(event: 'message', listener: (packet: Buffer) => void): this;
    on(event: 'error', listener: (error: Error) => void): this;
  }

  const raw: {
    createSocket(options: Options): Socket;
    readonly AddressFamily: { readonly IPv4: number };
    readonly Protocol: { readonly UDP: number };
    readonly SocketLevel: { readonly SOL_SOCKET: number };
  };
  export default raw;
}
