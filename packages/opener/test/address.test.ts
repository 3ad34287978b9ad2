import { isIP } from 'node:net';
import { parseActingAddress } from '@bouncer-spa/opener/dist/core/address.js';
import { expect } from 'chai';
import { refused } from './support/refused.js';

describe('an address to act for', () => {
  const MAPPED = '00000000000000000000ffff';
  const readings: [string, string, string][] = [
    ['203.0.113.7', `${MAPPED}cb007107`, '203.0.113.7'],
    ['255.255.255.255', `${MAPPED}ffffffff`, '255.255.255.255'],
    ['::ffff:203.0.113.7', `${MAPPED}cb007107`, '203.0.113.7'],
    ['::ffff:cb00:7107', `${MAPPED}cb007107`, '203.0.113.7'],
    ['2001:DB8:0:0:0:0:0:7', '20010db8000000000000000000000007', '2001:db8::7'],
    ['::1', '00000000000000000000000000000001', '::1'],
    ['64:ff9b::203.0.113.7', '0064ff9b0000000000000000cb007107', '64:ff9b::cb00:7107'],
  ];
  for (const [text, hex, shown] of readings) {
    it(`is read from ${text} into 16 bytes`, async () => {
      const address = await parseActingAddress(text);
      expect(Buffer.from(address.bytes).toString('hex')).to.equal(hex);
      expect(address.bytes).to.have.length(16);
      expect(address.text).to.equal(shown);
    });
  }

  const nonsense = [
    '',
    'localhost',
    '1.2',
    '1.2.3',
    '12345',
    '0x7f.0.0.1',
    '010.0.0.1',
    '1.2.3.4.5',
    '256.1.1.1',
    '1.2.3.4/24',
    '1.2.3.4 ',
    '[::1]',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '12345::',
    'g::1',
    '::1.2.3.4',
    '::ffff:010.1.1.1',
    '::ffff:1.2.3',
  ];
  for (const text of nonsense) {
    it(`is not ${JSON.stringify(text)}`, async () => {
      const { kind, problems } = await refused(() => parseActingAddress(text));
      expect(kind).to.equal('usage');
      expect(problems[0]?.sentence).to.equal(`address expected IPv4 or IPv6, got ${JSON.stringify(text)}`);
      expect(problems[0]?.hint).to.equal('write it like 203.0.113.7 or 2001:db8::7');
    });
  }

  for (const text of ['fe80::1%eth0', '2001:db8::7%0', '1.2.3.4%eth0']) {
    it(`has no zone, as in ${text}`, async () => {
      const { message } = await refused(() => parseActingAddress(text));
      expect(message).to.equal(`address expected no zone, got "${text}"`);
    });
  }

  for (const text of ['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0', '::ffff:0:0', '::0']) {
    it(`is not all zero, as in ${text}`, async () => {
      const { message } = await refused(() => parseActingAddress(text));
      expect(message).to.equal(`address expected one that somebody has, got "${text}"`);
    });
  }

  it('is nothing that the system would not take for an address, or would take for another', async function () {
    this.timeout(20_000);
    const pieces = ['1', '::', ':', '.', '0', 'ffff', '10', '%1', '255', '0x1'];
    let accepted = 0;
    for (let index = 0; index < 10 ** 6; index += 97) {
      const text = Array.from(String(index), (digit) => pieces[Number(digit)]).join('');
      const address = await parseActingAddress(text).catch(() => undefined);
      if (address === undefined) continue;
      accepted++;
      expect(isIP(text), text).to.not.equal(0);
      if (address.text.includes(':'))
        expect(new URL(`http://[${text}]`).hostname).to.equal(`[${address.text}]`);
    }
    expect(accepted).to.be.above(20);
  });
});
