import { expect } from 'chai';
import { parse } from 'smol-toml';
import { firstConfig } from '@bouncer-spa/bouncer/dist/core/first-config.js';

const FOUND = {
  serverId: 'gw1.example.net',
  host: undefined,
  port: 51_324,
  stateFolder: '/var/lib/bouncer',
  controlSocket: undefined,
  user: undefined,
  sshPorts: [22],
};

const SSH = { code: 21, allow: ['tcp/22'], for: '30s', max: '10m' };

describe('The config that a server begins with', () => {
  it('closes ssh to all but those who knock, and says nothing that is usual', () => {
    expect(parse(firstConfig(FOUND))).to.deep.equal({
      server: {
        id: 'gw1.example.net',
        gate_key_file: 'gate.key',
        state_dir: '/var/lib/bouncer',
        clients_dir: 'clients.d',
      },
      capture: { port: 51_324 },
      guard: { ports: ['tcp/22'] },
      actions: { ssh: SSH },
    });
  });

  it('closes and opens every port of sshd', () => {
    expect(parse(firstConfig({ ...FOUND, sshPorts: [22, 2_222] }))).to.deep.include({
      guard: { ports: ['tcp/22', 'tcp/2222'] },
      actions: { ssh: { ...SSH, allow: ['tcp/22', 'tcp/2222'] } },
    });
  });

  for (const [what, found, path, value] of [
    ['where clients send', { host: '192.0.2.1' }, 'server.host', '192.0.2.1'],
    ['where it is asked', { controlSocket: '/run/b.sock' }, 'server.control_socket', '/run/b.sock'],
    ['whom the capture process becomes', { user: '_bouncer' }, 'capture.user', '_bouncer'],
  ] as const) {
    it(`says ${what} where that was found out, in the table for it`, () => {
      expect(parse(firstConfig({ ...FOUND, ...found }))).to.have.nested.property(path, value);
    });
  }
});
