import { CaptureWireDecoder, CaptureWireError } from '@bouncer-spa/bouncer/dist/core/capture-wire.js';

export const tokens: readonly string[] = [
  '"eth0"',
  '{"dropped":0,"refused":{"fragment":1}}',
  '17672256',
  'null',
];

/** What a capture process that was taken over writes to the daemon, in pieces as long as the first byte says. */
export function fuzz(input: Buffer): void {
  const decoder = new CaptureWireDecoder();
  const [size = 1] = input;
  try {
    for (let at = 1; at < input.length; at += size + 1) decoder.push(input.subarray(at, at + size + 1));
  } catch (error) {
    if (!(error instanceof CaptureWireError)) throw error;
  }
}
