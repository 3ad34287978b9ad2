import { expect } from 'chai';
import fc from 'fast-check';
import { AnswerGuard, StoreAnswerError } from '@bouncer-spa/bouncer/dist/core/store-answer.js';

type Answer = string | number | null | Buffer | readonly Answer[];

/** Writes an answer as a store does: errors and short texts as lines, buffers with their size. */
function written(answer: Answer): Buffer {
  if (answer === null) return Buffer.from('$-1\r\n');
  if (typeof answer === 'number') return Buffer.from(`:${answer}\r\n`);
  if (typeof answer === 'string') return Buffer.from(`+${answer}\r\n`);
  if (Buffer.isBuffer(answer))
    return Buffer.concat([Buffer.from(`$${answer.length}\r\n`), answer, Buffer.from('\r\n')]);
  const items = answer.map(written);
  return Buffer.concat([Buffer.from(`*${items.length}\r\n`), ...items]);
}

const { answers } = fc.letrec<{ answers: Answer }>((tie) => ({
  answers: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.constant(null),
    fc.stringMatching(/^[ -~]{0,20}$/),
    // Texts have whatever bytes, those of answers too.
    fc
      .oneof(fc.uint8Array({ maxLength: 40 }), fc.constant('\r\n*99999999\r\n'))
      .map((bytes) => Buffer.from(bytes)),
    fc.array(tie('answers'), { maxLength: 5 }),
  ),
}));

/** Gives a guard pieces of some sizes. */
function take(bytes: Buffer, sizes: readonly number[], guard = new AnswerGuard()): void {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    guard.take(bytes.subarray(at, at + size));
    at += size;
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 });

describe('An answer of a store', () => {
  it('passes whatever is in it, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(fc.array(answers, { maxLength: 6 }), sizes, (all, pieces) => {
        take(Buffer.concat(all.map(written)), pieces);
      }),
      { numRuns: 1_000 },
    );
  });

  it('that follows others in any pieces is refused when it announces more than there can be', () => {
    fc.assert(
      fc.property(fc.array(answers, { maxLength: 3 }), sizes, (all, pieces) => {
        const bytes = Buffer.concat([...all.map(written), Buffer.from('*1000001\r\n')]);
        expect(() => {
          take(bytes, pieces);
        }).to.throw(StoreAnswerError, 'it sends more than an answer can be');
      }),
    );
  });

  for (const [what, text, refusal] of [
    ['lists within lists that are too many together', '*600000\r\n'.repeat(2), 'more than'],
    ['a text that is too large', '$268435457\r\n', 'more than'],
    ['a size that no number holds', '$99999999999\r\n', 'no answer'],
    ['a size below none', '*-2\r\n', 'no answer'],
    ['a list of RESP 3', '~1\r\n', 'no answer'],
    ['a truth of RESP 3, which is read before its line ends', '#t', 'no answer'],
    ['one behind nothing, whose line has no end either', '$-1##t', 'no answer'],
    ['an error without end', `-${'x'.repeat(70_000)}`, 'a line without end'],
    ['what another service says', 'SSH-2.0-OpenSSH_9.2\r\n', 'no answer'],
    ['nothing in a line', '\r\n', 'no answer'],
  ] as const)
    it(`may not be ${what}`, () => {
      const guard = new AnswerGuard();
      const giving = (): void => {
        guard.take(Buffer.from(text));
      };
      expect(giving).to.throw(StoreAnswerError, refusal);
      // Nothing after it is an answer either.
      expect(() => {
        guard.take(Buffer.from('+OK\r\n'));
      }).to.throw(StoreAnswerError, refusal);
    });

  it('may not be texts that are too large together', () => {
    const guard = new AnswerGuard();
    const half = Buffer.alloc(65_536);
    guard.take(Buffer.from(`*2\r\n$${2_048 * half.length}\r\n`));
    for (let count = 0; count < 2_048; count++) guard.take(half);
    expect(() => {
      guard.take(Buffer.from(`\r\n$${2_048 * half.length}\r\n`));
    }).to.throw(StoreAnswerError, 'more than');
  });

  it('is counted by itself, however many there were before', () => {
    const guard = new AnswerGuard();
    for (let count = 0; count < 3; count++) {
      guard.take(Buffer.from('*600000\r\n'));
      guard.take(Buffer.from(':1\r\n'.repeat(600_000)));
    }
  });
});
