import { expect } from 'chai';
import { parseStoreInfo } from '@bouncer-spa/bouncer/dist/core/store-info.js';

const INFO = `# Server
redis_version:7.0.15
run_id:17b0e1
server_time_usec:1795599999123456

# Replication
role:master
master_replid:5ca1ab1e

# Memory
maxmemory:0
maxmemory_policy:allkeys-lru
`.replaceAll('\n', '\r\n');

describe('What a store says of itself', () => {
  it('is who it is, what time it has, and that it can be relied on', () => {
    expect(parseStoreInfo(INFO)).to.deep.equal({
      incarnation: '17b0e1-5ca1ab1e',
      clock: 1_795_599_999_123.456,
      isMaster: true,
      refusal: undefined,
    });
  });

  it('is that it can be relied on if it forgets nothing when its memory is full', () => {
    const limited = INFO.replace('maxmemory:0', 'maxmemory:100').replace('allkeys-lru', 'noeviction');
    expect(parseStoreInfo(limited)).to.deep.equal(parseStoreInfo(INFO));
  });

  it('is the same whichever way its lines end', () => {
    expect(parseStoreInfo(INFO.replaceAll('\r\n', '\n'))).to.deep.equal(parseStoreInfo(INFO));
  });

  it('is not in the titles of its sections', () => {
    expect(parseStoreInfo(`${INFO}# role:slave\r\n`)).to.deep.equal(parseStoreInfo(INFO));
  });

  it('is nothing to rely on if it says nothing', () => {
    expect(parseStoreInfo('')).to.deep.equal({
      incarnation: '-',
      clock: NaN,
      isMaster: false,
      refusal: 'its version is "": Redis 7 or Valkey is needed',
    });
  });

  for (const [what, from, to, change] of [
    ['starts', 'run_id:17b0e1', 'run_id:0ther', { incarnation: '0ther-5ca1ab1e' }],
    ['takes over', 'replid:5ca1ab1e', 'replid:0ther', { incarnation: '17b0e1-0ther' }],
    ['is a replica', 'role:master', 'role:slave', { isMaster: false }],
    [
      'may forget keys',
      'maxmemory:0',
      'maxmemory:100',
      { refusal: 'it forgets keys when its memory is full: set maxmemory-policy to noeviction' },
    ],
    ['is too old', '7.0.15', '6.2.14', { refusal: 'its version is "6.2.14": Redis 7 or Valkey is needed' }],
    [
      'is something else',
      'redis_version:7.0.15',
      'x:1',
      { refusal: 'its version is "": Redis 7 or Valkey is needed' },
    ],
  ] as const) {
    it(`is something else when it ${what}`, () => {
      expect(parseStoreInfo(INFO.replace(from, to))).to.deep.equal({ ...parseStoreInfo(INFO), ...change });
    });
  }
});
