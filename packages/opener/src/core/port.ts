import { quoted } from './quote.js';
import { Refusal } from './refusal.js';

export const LARGEST_PORT = 65_535;

/**
 * Reads a UDP port.
 * @returns 1 to 65535
 * @throws {Refusal} if the text is anything else
 */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > LARGEST_PORT) {
    throw new Refusal('usage', { sentence: `port expected 1 to ${LARGEST_PORT}, got ${quoted(text)}` });
  }
  return port;
}
