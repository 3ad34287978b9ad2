import { actionCode, minute } from '@bouncer-spa/protocol';
import { submissionOf } from '@bouncer-spa/bouncer/dist/core/submission.js';
import { REASON_TEXT, type RejectReason } from '@bouncer-spa/bouncer/dist/core/verdict.js';
import { expect } from 'chai';

const CLAIM = { client: 'alice', action: 'ssh', code: actionCode(21), minute: minute(29_453_760) };

describe('What is told of a packet that was handed in', () => {
  it('is who may do what from where and for how long, and neither tag nor argument', () => {
    const submission = submissionOf({
      accepted: true,
      claim: CLAIM,
      tag: new Uint8Array(32),
      address: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 1),
      duration: 30,
      argument: 'web1',
      deed: { kind: 'run', run: ['/bin/true'], timeout: 1_000 },
      mostGrants: 16,
    });
    expect(submission).to.deep.equal({
      decision: 'accept',
      client: 'alice',
      action: 'ssh',
      address: '198.51.100.1',
      duration: 30,
    });
  });

  it('is the reason of a refusal and what that means, but not whom the packet names', () => {
    for (const reason of Object.keys(REASON_TEXT) as RejectReason[]) {
      const submission = submissionOf({ accepted: false, reason, claim: CLAIM, tag: new Uint8Array(32) });
      expect(submission).to.deep.equal({ decision: 'reject', reason, text: REASON_TEXT[reason] });
    }
  });
});
