import { expect } from 'chai';
import type { CapturePlan } from '@bouncer-spa/bouncer/dist/system/capture-plan.js';
import { CaptureSupervisor } from '@bouncer-spa/bouncer/dist/system/capture-supervisor.js';
import { minute } from '@bouncer-spa/protocol';
import { needsRoot } from '../support/root.js';
import { waitFor } from '../support/wait.js';

const NOBODY = 65_534;

function planFor(port: number): CapturePlan {
  const expression = `udp dst port ${port}`;
  return {
    spec: {
      ...{ backend: 'pcap', interface: 'lo', port, filter: expression },
      ...{ uid: NOBODY, gid: NOBODY },
    },
    gate: new Uint8Array(),
    filter: { expression, gates: [], firstMinute: minute(0), lastMinute: minute(0) },
  };
}

describe('The supervisor of a capture', () => {
  it('goes over to another plan also if that comes while the first is being opened', async function () {
    needsRoot(this);
    const [first, second] = [planFor(40_001), planFor(40_002)];
    const heard: CapturePlan[] = [];
    const supervisor = new CaptureSupervisor(first, {
      datagram: () => undefined,
      report: () => undefined,
      listening: (plan) => heard.push(plan),
      lost: (reason) => {
        throw new Error(reason);
      },
      stale: (reason) => {
        throw new Error(reason);
      },
    });
    supervisor.start();
    try {
      await supervisor.change(second);
      await waitFor('the second plan', () => heard.includes(second) || undefined);
      expect(supervisor.plan).to.equal(second);
    } finally {
      await supervisor.stop();
    }
  });
});
