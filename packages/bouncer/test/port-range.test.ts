import { expect } from 'chai';
import {
  coversPorts,
  formatPortRange,
  parsePortRange,
  type PortRange,
} from '@bouncer-spa/bouncer/dist/core/port-range.js';

describe('parsePortRange', () => {
  it('reads a port and a range of ports', () => {
    expect(parsePortRange('tcp/22')).to.deep.equal({ transport: 'tcp', first: 22, last: 22 });
    expect(parsePortRange('udp/60000-61000')).to.deep.equal({
      transport: 'udp',
      first: 60_000,
      last: 61_000,
    });
    for (const port of [1, 65_535])
      expect(parsePortRange(`tcp/${port}`)).to.deep.equal({ transport: 'tcp', first: port, last: port });
    expect(parsePortRange('tcp/1-65535')).to.deep.equal({ transport: 'tcp', first: 1, last: 65_535 });
  });

  for (const text of [
    '',
    '22',
    'tcp',
    'tcp/',
    'TCP/22',
    'sctp/22',
    'tcp/22,23',
    'tcp/-1',
    'tcp/22-',
    ' tcp/22',
    'tcp/22\n',
    'tcp:22',
  ]) {
    it(`refuses ${JSON.stringify(text)}, and shows what is expected`, () => {
      expect(parsePortRange(text)).to.equal(`"${text}" is no port such as "tcp/22" or "udp/60000-61000"`);
    });
  }

  for (const text of ['tcp/0', 'tcp/65536', 'tcp/0-10', 'udp/1-65536', 'tcp/70000-80', 'tcp/22-0']) {
    it(`refuses ${text}, which has a port that there is not`, () => {
      expect(parsePortRange(text)).to.equal(`"${text}" has a port that is not from 1 to 65535`);
    });
  }

  it('refuses a range that ends before it begins', () => {
    expect(parsePortRange('tcp/30-20')).to.equal('"tcp/30-20" ends before it begins');
  });
});

describe('formatPortRange', () => {
  for (const text of ['tcp/22', 'udp/60000-61000']) {
    it(`writes ${text} as it is read`, () => {
      expect(formatPortRange(range(text))).to.equal(text);
    });
  }

  it('writes a range of one port as that port', () => {
    expect(formatPortRange(range('tcp/22-22'))).to.equal('tcp/22');
  });
});

describe('coversPorts', () => {
  it('tells whether all ports of a range are in another', () => {
    const outer = range('tcp/20-30');
    for (const inner of ['tcp/20-30', 'tcp/20', 'tcp/30', 'tcp/22-25'])
      expect(coversPorts(outer, range(inner)), inner).to.equal(true);
    for (const other of ['tcp/19-30', 'tcp/20-31', 'tcp/31', 'udp/22'])
      expect(coversPorts(outer, range(other)), other).to.equal(false);
  });
});

function range(text: string): PortRange {
  const parsed = parsePortRange(text);
  if (typeof parsed === 'string') throw new Error(parsed);
  return parsed;
}
