import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { minute } from '@bouncer-spa/protocol';
import type { Grant, Means } from '@bouncer-spa/bouncer/dist/core/grants.js';
import { later } from '@bouncer-spa/bouncer/dist/core/moment.js';
import { decodeGrant, encodeGrant } from '@bouncer-spa/bouncer/dist/system/grant-record.js';
import { revive, type Revival } from '@bouncer-spa/bouncer/dist/system/grant-revival.js';
import { LeaseFolder } from '@bouncer-spa/bouncer/dist/system/lease-folder.js';

const NOW = { unix: 1_767_225_600_000, monotonic: 5_000_000 };
const LEASE: Means = {
  kind: 'lease',
  stop: { argv: ['/bin/true', 'ä b'], environment: { PATH: '/bin' }, timeout: 1_000 },
};

function grantOf(id: string, means: Means = LEASE): Grant {
  return {
    id,
    client: 'alice',
    action: 'vpn',
    address: new Uint8Array(16).fill(7),
    argument: '"\n\\ü',
    means,
    began: NOW,
    end: later(NOW, 60_000),
  };
}

describe('A grant on disk', () => {
  it('is read as it was written', () => {
    for (const means of [
      LEASE,
      { kind: 'open', door: { kind: 'ports', ports: [{ transport: 'udp', first: 1, last: 9 }] } },
      { kind: 'open', door: { kind: 'sets', sets: [{ family: 'ip6', table: 'a', set: 'b' }] } },
    ] satisfies Means[]) {
      const grant = grantOf('0a1b2c3d', means);
      expect(decodeGrant(encodeGrant(grant))).to.deep.equal({ grant, sameBoot: true });
    }
  });

  it('is not read if any of its characters was changed', () => {
    const line = encodeGrant(grantOf('0a1b2c3d'));
    for (let index = 0; index < line.length; index++) {
      const changed = `${line.slice(0, index)}${line[index] === 'x' ? 'y' : 'x'}${line.slice(index + 1)}`;
      expect(decodeGrant(changed), `character ${index}`).to.equal(undefined);
    }
  });
});

describe('At a start', () => {
  let folder: string;
  let leases: LeaseFolder;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bouncer-revival-'));
    leases = new LeaseFolder(folder);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function known(grants: readonly Grant[], { sameBoot = true, damaged = false } = {}): Revival {
    const stored = grants.map((grant) => ({ grant, sameBoot }));
    return revive({ floor: minute(0), tags: [], grants: stored, damaged }, leases, later(NOW, 20_000));
  }

  it('a lease whose "run" was begun goes on', () => {
    const grant = grantOf('00000001');
    leases.noteRun(grant, process.pid);
    expect(known([grant])).to.deep.equal({ grants: [{ grant, begun: 'now' }], over: [], findings: [] });
  });

  it('a lease whose "run" was not begun is over, since there is nothing to undo', () => {
    const grant = grantOf('00000001');
    expect(known([grant])).to.deep.equal({
      grants: [],
      over: ['00000001'],
      findings: [[grant, 'not begun']],
    });
  });

  it('after a reboot, a lease goes on by the clock on the wall, because nobody knows whether its "run" was begun', () => {
    const grant = grantOf('00000001');
    const { grants, over } = known([grant], { sameBoot: false });
    expect(over).to.deep.equal([]);
    expect(grants.map(({ begun, grant: { end } }) => ({ begun, end }))).to.deep.equal([
      { begun: 'before', end: later(NOW, 60_000) },
    ]);
  });

  it('files of leases that are over are removed', () => {
    leases.noteRun(grantOf('00000001'), process.pid);
    known([]);
    expect(existsSync(leases.marker('00000001', 'run'))).to.equal(false);
  });

  it('after damage, leases are read from their files, with their last end', () => {
    const grant = grantOf('00000001');
    leases.noteRun(grant, process.pid);
    const longer = { ...grant, end: later(NOW, 90_000) };
    leases.noteExtension(longer);
    expect(known([], { damaged: true })).to.deep.equal({
      grants: [{ grant: longer, begun: 'now' }],
      over: [],
      findings: [[longer, 'salvaged']],
    });
  });

  it('after damage, a lease whose file cannot be read is told by its id', () => {
    writeFileSync(leases.marker('00000001', 'run'), '1 1\nnonsense\n');
    expect(known([], { damaged: true })).to.deep.equal({
      grants: [],
      over: [],
      findings: [['00000001', 'lost']],
    });
  });
});
