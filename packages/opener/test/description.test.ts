import { actionCode, serverId } from '@bouncer-spa/protocol';
import { describe as describePacket } from '@bouncer-spa/opener/dist/core/description.js';
import type { Request } from '@bouncer-spa/opener/dist/core/request.js';
import { expect } from 'chai';

const NAMED = { bytes: new Uint8Array(16), text: '203.0.113.7' };

const REQUEST: Request = {
  host: 'server.example.net',
  port: 51_324,
  family: 0,
  serverId: serverId('gw1'),
  action: { code: actionCode(21), name: 'ssh', opens: [], duration: undefined },
  duration: 600,
  address: NAMED,
  argument: 'héllo',
};

describe('the description of a packet', () => {
  it('has every fact, and of the argument only its length', () => {
    const facts = { time: Date.UTC(2026, 5, 30, 12, 34, 56), size: 316, address: '192.0.2.1', named: NAMED };
    expect(describePacket(REQUEST, facts)).to.deep.equal([
      'destination server.example.net (192.0.2.1) port 51324',
      'server id gw1',
      'action "ssh" code 21',
      'minute 29713714 (2026-06-30T12:34Z)',
      'size 316 bytes',
      'acts for 203.0.113.7',
      'duration 600 s',
      'argument 6 bytes',
    ]);
  });

  it('says what the server does by itself where nothing is asked for', () => {
    const request: Request = {
      ...REQUEST,
      host: '192.0.2.1',
      action: { code: actionCode(21), name: undefined, opens: [], duration: undefined },
      duration: 0,
      address: undefined,
      argument: '',
    };
    expect(
      describePacket(request, { time: 0, size: 124, address: '192.0.2.1', named: undefined }),
    ).to.deep.equal([
      'destination 192.0.2.1 port 51324',
      'server id gw1',
      'action code 21',
      'minute 0 (1970-01-01T00:00Z)',
      'size 124 bytes',
      "acts for the packet's source address",
      "duration the action's own",
      'argument 0 bytes',
    ]);
  });
});
