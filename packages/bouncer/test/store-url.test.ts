import { expect } from 'chai';
import { parseStoreUrl } from '@bouncer-spa/bouncer/dist/core/store-url.js';

describe('The URL of a store', () => {
  it('names host, port, database, user, and whether it takes TLS', () => {
    expect(parseStoreUrl('rediss://gate@store.example.net:6380/2')).to.deep.equal({
      tls: true,
      host: 'store.example.net',
      port: 6_380,
      user: 'gate',
      database: 2,
    });
    expect(parseStoreUrl('redis://[2001:db8::1]')).to.deep.equal({
      tls: false,
      host: '2001:db8::1',
      port: 6_379,
      user: undefined,
      database: 0,
    });
  });

  it('with a password is refused, and the password is not repeated', () => {
    const refusal = parseStoreUrl('redis://gate:s3cret@store.example.net');
    expect(refusal).to.be.a('string').that.includes('has a password in it').and.does.not.include('s3cret');
  });

  it('may have a user in percent encoding, and is refused with a sentence where that is none', () => {
    expect(parseStoreUrl('redis://a%40b@h')).to.include({ user: 'a@b' });
    for (const text of ['redis://%zz@h', 'redis://%ff@h'])
      expect(parseStoreUrl(text), text).to.match(/^has a user .*%25/);
  });

  it('with more than a database is refused with a sentence', () => {
    for (const more of ['/a', '/1x', '/a/1', '/123456', '/1?x=y', '/1#x', '?x=y', '#x'])
      expect(parseStoreUrl(`redis://h${more}`), more).to.equal(
        'has more after the host and the port than the number of a database',
      );
  });

  it('has a database of up to five digits, and the first one if it names none', () => {
    for (const [path, database] of [
      ['', 0],
      ['/', 0],
      ['/15', 15],
      ['/12345', 12_345],
    ] as const)
      expect(parseStoreUrl(`redis://h${path}`), path).to.include({ database });
  });

  for (const text of ['', 'store.example.net', 'http://store.example.net', 'redis://', 'redis://a:0'])
    it(`"${text}" is none`, () => {
      expect(parseStoreUrl(text)).to.be.a('string');
    });
});
