import { parseFrame } from '@bouncer-spa/bouncer/dist/core/frame.js';
import { expect } from 'chai';
import { SAMPLES } from './frame-samples.js';
import { resultText } from './frame-text.js';

describe('a frame cut off after any byte', () => {
  for (const { name, linkType, frame, padding, text } of SAMPLES) {
    it(`is truncated, or has only lost padding (${name})`, () => {
      for (let size = 0; size <= frame.length; size++) {
        const expected = size < frame.length - padding ? 'truncated' : text;
        expect(resultText(parseFrame(linkType, frame.subarray(0, size))), `${size} bytes`).to.equal(expected);
      }
    });
  }
});
