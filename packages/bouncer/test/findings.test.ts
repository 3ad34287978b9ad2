import { expect } from 'chai';
import { deriveGateSubkey, gateKey, minute, serverId } from '@bouncer-spa/protocol';
import { Findings } from '@bouncer-spa/bouncer/dist/cli/findings.js';
import { Examiner } from '@bouncer-spa/bouncer/dist/core/diagnosis.js';

const ID = serverId('gate.example.org');
const ADDRESS = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 198, 51, 100, 1);

/** What is printed of two datagrams with a gate of no minute, if other minutes are searched for the first. */
function printed(json: boolean): string {
  const gate = deriveGateSubkey(gateKey(new Uint8Array(32)), ID);
  const policy = { serverId: ID, gate, delta: 2, clients: [], actions: [] };
  const findings = new Findings(new Examiner(policy, { floor: minute(0), tags: [] }, 1), json);
  const write = process.stdout.write.bind(process.stdout);
  let output = '';
  process.stdout.write = (text) => {
    output += String(text);
    return true;
  };
  try {
    for (const payload of [Buffer.alloc(124), Buffer.alloc(124)]) {
      const ends = { source: ADDRESS, sourcePort: 1, destination: ADDRESS, destinationPort: 2 };
      findings.take({ payload, ...ends }, { unix: 0, monotonic: 0 });
    }
    findings.close();
  } finally {
    process.stdout.write = write;
  }
  return output;
}

describe('Findings', () => {
  it('say of how many datagrams no other minutes were searched', () => {
    expect(printed(false).split('\n').slice(2)).to.deep.equal([
      '2 datagrams at the port: gate 2',
      'not looked for in other minutes: gate 1; the capture jumps in time too often',
      '',
    ]);
    const [sums = ''] = printed(true).trim().split('\n').slice(-1);
    expect(JSON.parse(sums)).to.deep.equal({
      datagrams: 2,
      found: { gate: 2 },
      passed_over: {},
      not_searched: 1,
    });
  });
});
