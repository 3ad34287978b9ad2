import { expect } from 'chai';
import { CaptureHistory } from '@bouncer-spa/bouncer/dist/core/capture-history.js';

describe("The capture's history", () => {
  it('tells since when it listens, whatever process does', () => {
    const history = new CaptureHistory(1_000);
    expect(history).to.include({ isListening: false, since: 1_000 });
    history.listen(11, 2_000);
    history.listen(12, 3_000);
    expect(history).to.include({ isListening: true, since: 2_000, pid: 12, losses: 0 });
  });

  it('tells how often and why it was lost, and since when it is', () => {
    const history = new CaptureHistory(0);
    history.listen(11, 1_000);
    history.lose('it went away', 2_000, false);
    history.lose('it is still away', 3_000, false);
    expect(history).to.include({ isListening: false, since: 2_000, pid: undefined, losses: 2 });
    expect(history.lastLoss).to.deep.equal({ at: 3_000, reason: 'it is still away' });
  });

  it('gives signs of life by all but an end that it was brought to because it hung', () => {
    const history = new CaptureHistory(0);
    expect(history.takeSign(), 'before anything').to.equal(false);
    const signs = [
      (): void => {
        history.listen(11, 1_000);
      },
      (): void => {
        history.report({ dropped: 0, refused: {} }, undefined);
      },
      (): void => {
        history.lose('it went away', 2_000, false);
      },
    ];
    for (const sign of signs) {
      sign();
      expect([history.takeSign(), history.takeSign()]).to.deep.equal([true, false]);
    }
    history.lose('it was silent', 3_000, true);
    expect(history.takeSign()).to.equal(false);
  });

  it('adds up the counts of several processes, each from its own beginning', () => {
    const history = new CaptureHistory(0);
    const first = { dropped: 3, refused: { fragment: 1 } };
    const later = { dropped: 5, refused: { fragment: 1, malformed: 2 } };
    history.report(first, undefined);
    history.report({ dropped: 10, refused: { fragment: 4 } }, undefined); // another process
    history.report(later, first);
    expect(history.dropped).to.equal(15);
    expect(Object.fromEntries(history.refused)).to.deep.equal({ fragment: 5, malformed: 2 });
  });

  it('counts what a capture process calls as every object calls something', () => {
    const history = new CaptureHistory(0);
    const first = { dropped: 0, refused: {} };
    history.report(first, undefined);
    history.report({ dropped: 0, refused: { constructor: 5 } }, first);
    expect([...history.refused]).to.deep.equal([['constructor', 5]]);
  });

  it('never counts backwards', () => {
    const history = new CaptureHistory(0);
    const first = { dropped: 3, refused: { fragment: 7 } };
    history.report(first, undefined);
    history.report({ dropped: 1, refused: { fragment: 2 } }, first);
    expect(history.dropped).to.equal(3);
    expect(history.refused.get('fragment')).to.equal(7);
  });

  it('tells 32 faults apart, and counts all others as one', () => {
    const history = new CaptureHistory(0);
    const names = Array.from(
      { length: 34 },
      (_, index) => `fault-${'x'.repeat(index % 9)}-${'y'.repeat(index / 9)}`,
    );
    history.report({ dropped: 0, refused: Object.fromEntries(names.map((name) => [name, 1])) }, undefined);
    expect([...history.refused]).to.deep.equal([
      ...names.slice(0, 32).map((name) => [name, 1]),
      ['other', 2],
    ]);
  });

  it('holds a bounded number of faults, however many a capture process invents', () => {
    const history = new CaptureHistory(0);
    for (let round = 0; round < 50; round++) {
      const refused: Record<string, number> = { [`"}\n${round}`]: 1 };
      for (let index = 0; index < 100; index++)
        refused[
          `f${'abcdefghij'.repeat(2).slice(0, 1 + (index % 20))}${'x'.repeat(round % 10)}-${'y'.repeat(index % 9)}`
        ] = 1;
      history.report({ dropped: 0, refused }, undefined);
    }
    expect(history.refused.size).to.be.at.most(33);
    expect(history.refused.get('other')).to.be.greaterThan(50);
  });
});
