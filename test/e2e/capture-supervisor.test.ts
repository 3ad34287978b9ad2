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
  const [first, second, third] = [planFor(40_001), planFor(40_002), planFor(40_003)];
  let heard: CapturePlan[];
  let supervisor: CaptureSupervisor;

  beforeEach(function () {
    needsRoot(this);
    heard = [];
    supervisor = new CaptureSupervisor(first, {
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
  });

  afterEach(() => supervisor.stop());

  it('goes over to another plan also if that comes while the first is being opened', async () => {
    await supervisor.change(second);
    await waitFor('the second plan', () => heard.includes(second) || undefined);
    expect(supervisor.plan).to.equal(second);
  });

  it('does not go over to a plan that took so long to be opened that there is a later one', async () => {
    await waitFor('the first plan', () => heard.includes(first) || undefined);
    const later = await supervisor.prepare(third);
    const late = supervisor.change(second);
    supervisor.swap(later);
    await late;
    expect(supervisor.plan).to.equal(third);
    expect(heard).to.deep.equal([first, third]);
  });

  it('stays with a plan that is right again before another has been opened', async () => {
    await waitFor('the first plan', () => heard.includes(first) || undefined);
    const late = supervisor.change(second);
    supervisor.stay();
    await late;
    expect(supervisor.plan).to.equal(first);
    expect(heard).to.deep.equal([first]);
  });
});
