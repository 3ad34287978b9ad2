import { CaptureFileError, type CapturedFrame, type Take } from './captured-frame.js';
import { readPcap } from './pcap.js';
import { readPcapng } from './pcapng.js';

const MAGIC_SIZE = 4;

/**
 * The frames of a capture file, one by one.
 * @param take gives its bytes
 * @throws {CaptureFileError} at once or at a later frame
 */
export function readCaptureFile(take: Take): Iterable<CapturedFrame> {
  const magic = take(MAGIC_SIZE);
  const number = magic.length < MAGIC_SIZE ? 0 : magic.readUInt32BE();
  const frames = readPcap(number, take) ?? readPcapng(number, take);
  if (frames === undefined) throw new CaptureFileError('it is no capture file (pcap or pcapng)');
  return frames;
}
