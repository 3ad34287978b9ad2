import { CaptureFileError } from '@bouncer-spa/bouncer/dist/core/capture-file/captured-frame.js';
import { readCaptureFile } from '@bouncer-spa/bouncer/dist/core/capture-file/read.js';

export const tokens: readonly string[] = [
  '\xa1\xb2\xc3\xd4',
  '\x0a\x0d\x0d\x0a',
  '\x1a\x2b\x3c\x4d',
  '\0\0\0\x06',
];

/** A capture file that somebody sends along with a question. */
export function fuzz(input: Buffer): void {
  let rest = input;
  let largest = 0;
  const take = (size: number): Buffer => {
    largest = Math.max(largest, size);
    const bytes = rest.subarray(0, size);
    rest = rest.subarray(size);
    return bytes;
  };
  try {
    for (const { time, bytes } of readCaptureFile(take)) {
      if (Number.isNaN(time)) throw new Error('a time is no number');
      if (bytes.length > input.length) throw new Error('a frame is larger than the file');
    }
  } catch (error) {
    if (!(error instanceof CaptureFileError)) throw error;
  }
  if (largest > 16 * 1024 * 1024) throw new Error(`${largest} bytes were asked for at once`);
}
