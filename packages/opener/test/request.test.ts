import { actionCode, parseGateKey, serverId } from '@bouncer-spa/protocol';
import type { Profile } from '@bouncer-spa/opener/dist/core/profile.js';
import { messageOf, planRequest, type RequestOptions } from '@bouncer-spa/opener/dist/core/request.js';
import { expect } from 'chai';
import { GATE_KEY } from './support/client-folder.js';
import { refused } from './support/refused.js';

const PROFILE: Profile = {
  file: '/p/home.toml',
  host: 'server.example.net',
  port: 51_324,
  serverId: serverId('gw1.example.net'),
  gateKey: { kind: 'inline', secret: parseGateKey(GATE_KEY) },
  seed: undefined,
  defaultAction: 'ssh',
  duration: undefined,
  address: undefined,
  wait: true,
  actions: new Map([
    ['ssh', { code: actionCode(21), opens: [], duration: undefined }],
    ['vpn', { code: actionCode(23), opens: [], duration: 3600 }],
  ]),
};

const NOTHING: RequestOptions = {
  host: undefined,
  port: undefined,
  family: 0,
  action: undefined,
  duration: undefined,
  address: undefined,
  argument: '',
};

describe('a request', () => {
  it('is all from the profile if the command line says nothing', () => {
    expect(planRequest(NOTHING, PROFILE)).to.deep.equal({
      host: 'server.example.net',
      port: 51_324,
      family: 0,
      serverId: 'gw1.example.net',
      action: { code: 21, name: 'ssh', opens: [], duration: undefined },
      duration: 0,
      address: undefined,
      argument: '',
    });
  });

  it('is from the command line where that says anything, but for the server id', () => {
    const options: RequestOptions = {
      host: '192.0.2.1',
      port: 1,
      family: 4,
      action: 'vpn',
      duration: 30,
      address: { bytes: new Uint8Array(16).fill(1), text: 'x' },
      argument: 'y',
    };
    expect(planRequest(options, PROFILE)).to.deep.equal({
      ...options,
      action: { code: 23, name: 'vpn', opens: [], duration: 3600 },
      serverId: 'gw1.example.net',
    });
  });

  it("has the duration of the command line before that of the action, and that before the profile's", () => {
    const profile = { ...PROFILE, duration: 60 };
    const durationOf = (options: Partial<RequestOptions>): number =>
      planRequest({ ...NOTHING, ...options }, profile).duration;
    expect(durationOf({ action: 'vpn', duration: 30 })).to.equal(30);
    expect(durationOf({ action: 'vpn' })).to.equal(3600);
    expect(durationOf({ action: '23' })).to.equal(3600);
    expect(durationOf({ action: 'ssh' })).to.equal(60);
    expect(durationOf({ action: '7' })).to.equal(60);
  });

  it('names the address of the command line, else its source if the profile says so', () => {
    const profile = { ...PROFILE, address: 'source' } as const;
    const address = { bytes: new Uint8Array(16).fill(1), text: 'x' };
    expect(planRequest({ ...NOTHING, address }, profile).address).to.equal(address);
    expect(planRequest(NOTHING, profile).address).to.equal('source');
    expect(planRequest({ ...NOTHING, address: 'source' }, PROFILE).address).to.equal('source');
  });

  it('without a port is refused, and the hint says where to write one', async () => {
    const { kind, problems } = await refused(() => planRequest(NOTHING, { ...PROFILE, port: undefined }));
    expect(kind).to.equal('usage');
    expect(problems).to.deep.equal([
      { sentence: 'no port is given', hint: 'add -p PORT, or write port = PORT in /p/home.toml' },
    ]);
  });

  it('without an action is refused, and the known names are listed', async () => {
    const { kind, problems } = await refused(() =>
      planRequest(NOTHING, { ...PROFILE, defaultAction: undefined }),
    );
    expect(kind).to.equal('usage');
    expect(problems).to.deep.equal([
      { sentence: 'no action is given', hint: "the profile's actions are ssh, vpn" },
    ]);
  });

  it('becomes a message with the time of sealing', () => {
    const bytes = new Uint8Array(16).fill(1);
    const options = { ...NOTHING, duration: 30, argument: 'y' };
    expect(messageOf(planRequest(options, PROFILE), 1234, { bytes, text: 'x' })).to.deep.equal({
      actionCode: 21,
      duration: 30,
      time: 1234,
      address: bytes,
      argument: 'y',
    });
  });
});
