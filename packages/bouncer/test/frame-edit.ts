import fc from 'fast-check';

/** One change to the bytes of a frame. */
export interface Edit {
  readonly kind: 'set' | 'insert' | 'remove';
  /** Offset in bytes; wraps around at the end of the frame. */
  readonly at: number;
  readonly byte: number;
}

/** Values that mean something in some header, so that edits reach further than random ones would. */
const TELLING_BYTES = [
  0, 1, 2, 4, 6, 8, 17, 43, 44, 60, 0x20, 0x45, 0x4f, 0x60, 0x81, 0x86, 0x88, 0xdd, 0xff,
];

/** One to six edits. */
export const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('set' as const, 'set' as const, 'insert' as const, 'remove' as const),
    at: fc.nat(160),
    byte: fc.oneof(fc.constantFrom(...TELLING_BYTES), fc.nat(255)),
  }),
  { minLength: 1, maxLength: 6 },
);

export function applyEdits(frame: Uint8Array, list: readonly Edit[]): Buffer {
  const bytes = [...frame];
  for (const { kind, at, byte } of list) {
    const offset = at % (bytes.length + 1);
    if (kind === 'insert') bytes.splice(offset, 0, byte);
    else if (kind === 'remove') bytes.splice(offset, 1);
    else bytes[offset] = byte;
  }
  return Buffer.from(bytes);
}
