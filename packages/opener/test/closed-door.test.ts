import { actionCode, serverId } from '@bouncer-spa/protocol';
import { closedDoorRefusal, type ClosedDoor } from '@bouncer-spa/opener/dist/core/closed-door.js';
import type { Request } from '@bouncer-spa/opener/dist/core/request.js';
import { expect } from 'chai';

const REQUEST: Request = {
  host: 'server.example.net',
  port: 51_324,
  family: 0,
  serverId: serverId('gw1'),
  action: { code: actionCode(21), name: 'ssh', opens: [], duration: undefined },
  duration: 0,
  address: undefined,
  argument: '',
};

const DOOR: ClosedDoor = {
  port: 22,
  seconds: 10,
  packets: 3,
  refused: false,
  unreachable: false,
  clock: 'unknown',
};

describe('a door that stays closed', () => {
  function reasons(door: Partial<ClosedDoor>): string[] {
    return closedDoorRefusal(REQUEST, { ...DOOR, ...door }).problems.map(({ sentence }) => sentence);
  }

  it('has three likely reasons, after what was seen', () => {
    const [seen, ...likely] = reasons({});
    expect(seen).to.equal('tcp/22 at server.example.net did not open within 10 s; 3 packets were sent');
    expect(likely).to.have.length(3);
    expect(likely[0]).to.contain('the server did not accept the packet: its clock differs, ');
    expect(likely[1]).to.contain('something on the way drops UDP to port 51324');
    expect(likely[2]).to.contain('different addresses');
  });

  it('is first of all a matter of the clock, if the system says that it is not synchronised', () => {
    const [, ...likely] = reasons({ clock: 'unsynchronised', refused: true });
    expect(likely).to.have.length(3);
    expect(likely[0]).to.contain('the clock of this machine is wrong');
    expect(likely[1]).to.contain('nothing listens at tcp/22');
  });

  it('is first of all a matter of the way there, if the network says that there is none', () => {
    const [, ...likely] = reasons({ clock: 'unsynchronised', unreachable: true });
    expect(likely).to.have.length(3);
    expect(likely[0]).to.equal(
      'likely: server.example.net is off, or there is no way to it: the network says unreachable',
    );
    expect(likely[1]).to.contain('the clock of this machine is wrong');
  });

  it('is no matter of a clock that is synchronised', () => {
    expect(reasons({ clock: 'synchronised' }).join()).to.not.contain('clock');
  });
});
