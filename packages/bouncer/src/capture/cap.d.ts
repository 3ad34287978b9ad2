/** The part of `cap` 0.2.1 that is used; the package ships no types. */
declare module 'cap' {
  import type { EventEmitter } from 'node:events';

  interface Session extends EventEmitter {
    /** @returns the name of the link type */
    open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
  }

  const cap: { readonly Cap: new () => Session };
  export default cap;
}
