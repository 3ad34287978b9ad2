import type { Random } from '../../test/support/random.js';

/** Largest input in bytes. */
const MOST_BYTES = 2_048;

/** Changes made to one input at most. */
const MOST_CHANGES = 8;

/** Octets at which comparisons turn. */
const EDGES = [0x00, 0x01, 0x0f, 0x10, 0x7f, 0x80, 0xfe, 0xff] as const;

/**
 * An input like the one given, with a few changes.
 * @param others inputs to take pieces of
 * @param tokens texts that may be put in
 */
export function mutate(
  input: Buffer,
  others: readonly Buffer[],
  tokens: readonly string[],
  random: Random,
): Buffer {
  let changed: Buffer = Buffer.from(input);
  for (let left = 1 + random.below(MOST_CHANGES); left > 0; left--) {
    changed = change(changed, others, tokens, random);
  }
  return changed.subarray(0, MOST_BYTES);
}

function change(input: Buffer, others: readonly Buffer[], tokens: readonly string[], random: Random): Buffer {
  const at = random.below(input.length + 1);
  const size = 1 + random.below(8);
  const replace = (length: number, piece: Uint8Array): Buffer =>
    Buffer.concat([input.subarray(0, at), piece, input.subarray(at + length)]);
  switch (random.below(7)) {
    case 0:
      return replace(1, Buffer.of((input[at] ?? 0) ^ (1 << random.below(8))));
    case 1:
      return replace(1, Buffer.of(random.pick(EDGES) ?? 0));
    case 2:
      return replace(1, Buffer.of(random.below(256)));
    case 3:
      return replace(size, Buffer.alloc(0));
    case 4:
      return replace(0, Buffer.alloc(size, random.below(256)));
    case 5: {
      const other = random.pick(others) ?? input;
      const from = random.below(other.length + 1);
      return replace(random.below(2) * size, other.subarray(from, from + 1 + random.below(64)));
    }
    default:
      return replace(0, Buffer.from(random.pick(tokens) ?? '', 'latin1'));
  }
}
