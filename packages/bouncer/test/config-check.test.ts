import { expect } from 'chai';
import { checkTables } from '@bouncer-spa/bouncer/dist/core/config-check.js';
import { parseTables } from '@bouncer-spa/bouncer/dist/core/config-schema.js';

/** Seconds: 2^32 milliseconds, which the kernel counts in. */
const LONGEST = 4_294_967;

/** What is wrong across tables, whatever is wrong within them; each as its key and a reason. */
function problems(raw: object): string[] {
  return checkTables(parseTables(raw).good).map(({ key, reason }) => `${key} ${reason}`);
}

/** The keys of what is wrong with a command line, by itself or as a stop. */
function ofCommand(...run: string[]): string[] {
  const { good } = parseTables({ actions: { a: { code: 1, argument: '.*', run } } });
  return checkTables(good).map(({ key }) => key);
}

function running(table: object): object {
  return { actions: { a: { code: 1, run: ['/bin/true'], ...table } } };
}

function opening(table: object): object {
  return { guard: { ports: ['tcp/22'] }, actions: { a: { code: 1, allow: ['tcp/22'], ...table } } };
}

describe('The check of a config across its tables', () => {
  it('has nothing to say about a destination for pcap, and about a raw socket without one', () => {
    expect(problems({ capture: { port: 1, backend: 'pcap', destination: ['192.0.2.1'] } })).to.be.empty;
    expect(problems({ capture: { port: 1, backend: 'raw-socket' } })).to.be.empty;
  });

  it('has nothing to say about a guard before pcap, nor before a raw socket at another port', () => {
    const guard = { ports: ['udp/51000-52000'] };
    expect(problems({ guard, capture: { port: 51_324 } })).to.be.empty;
    expect(problems({ guard, capture: { port: 52_001, backend: 'raw-socket' } })).to.be.empty;
    expect(problems({ guard, capture: { port: 52_000, backend: 'raw-socket' } })).to.have.length(1);
  });

  it('does not say of ports that they are not closed where it cannot be read what is', () => {
    expect(problems({ ...opening({ for: '1h' }), guard: { ports: 'all' } })).to.be.empty;
    expect(problems({ ...opening({ for: '1h' }), guard: {} })).to.have.length(1);
  });

  it('does not say of codes that cannot be read that they are the same', () => {
    expect(problems({ actions: { a: { run: ['/bin/true'] }, b: { code: 'x', run: ['/bin/true'] } } })).to.be
      .empty;
  });

  it('lets what runs last as long as it likes, and what the kernel opens as long as that can count', () => {
    expect(problems(running({ for: '60d', max: '90d' }))).to.be.empty;
    expect(problems(opening({ for: `${LONGEST}s` }))).to.be.empty;
    expect(problems(opening({ for: `${LONGEST + 1}s`, max: `${LONGEST + 1}s` }))).to.deep.equal(
      ['for', 'max'].map((key) => `actions.a.${key} is longer than the kernel can count: at most "49d"`),
    );
    expect(
      problems({ actions: { a: { code: 1, set: 'inet filter ssh', for: `${LONGEST + 1}s` } } }),
    ).to.have.length(1);
  });

  it('lets the longest duration be the ordinary one', () => {
    expect(problems(running({ for: '1h', max: '60m' }))).to.be.empty;
    expect(problems(running({ for: '1h', max: '59m' }))).to.deep.equal([
      'actions.a.max is shorter than "for"',
    ]);
  });
});

describe('The check of a command line', () => {
  for (const argv of [
    ['/bin/sh', '-c', 'echo "$0"', '{address}'],
    ['/bin/sh', '-c', 'echo'],
    // Not lines for a shell: a script that it reads, an option and a program that only look alike.
    ['/bin/sh', '/etc/bouncer/notify.sh', '{address}'],
    ['/bin/sh', 'my-c', '{address}'],
    ['/bin/sh', '/etc/bouncer/notify.sh', '-c', '{address}'],
    ['/bin/bash', '-o', 'pipefail', '-e'],
    ['/bin/sh', '-e', '-c', 'echo "$0"', '{address}'],
    ['/bin/cp', '-c', '{address}'],
    ['/sbin/shutdown', '-c', '{address}'],
    ['/usr/bin/fish-like', '-c', '{address}'],
  ])
    it(`has nothing to say about ${argv.join(' ')}`, () => {
      expect(ofCommand(...argv)).to.be.empty;
    });

  for (const shell of ['/bin/sh', '/bin/bash', '/bin/dash', '/usr/bin/ksh', '/bin/zsh', '/bin/ash'])
    for (const option of [
      '-c',
      '-ec',
      '-euxc',
      '-ce',
      '-Ec',
      '-e -c',
      '-c -e',
      '-o pipefail -c',
      '--posix -c',
    ])
      it(`finds what a packet would write into the line of ${shell} ${option}`, () => {
        expect(ofCommand(shell, ...option.split(' '), 'echo {argument}')).to.deep.equal(['actions.a.run']);
      });
});

describe("The check of a cluster's store", () => {
  function ofCluster(url: string | string[], more: object = {}): string[] {
    return problems({ cluster: { url, ...more } });
  }

  const DIFFER = 'cluster.url has URLs that differ in more than host and port';
  const DATABASE = 'cluster.url names a database, and a Redis Cluster has but one';

  it('lets one store, or one that sentinels know, have databases', () => {
    expect(ofCluster('redis://one/1')).to.be.empty;
    expect(ofCluster(['redis://one/1', 'redis://two/1'], { sentinel: 'door' })).to.be.empty;
  });

  it('lets the nodes of a cluster have the first database only, each of them', () => {
    expect(ofCluster(['redis://one', 'redis://two/0'])).to.be.empty;
    expect(ofCluster(['redis://one/1', 'redis://two/1'])).to.deep.equal([DATABASE]);
    expect(ofCluster(['redis://one', 'redis://two/1'])).to.deep.equal([DIFFER, DATABASE]);
  });

  it('lets URLs differ in host and port, and in nothing else', () => {
    const more = { password_file: 'password', sentinel: 'door' };
    expect(ofCluster(['redis://gate@one:1/2', 'redis://gate@two:2/2'], more)).to.be.empty;
    for (const other of ['rediss://gate@one/2', 'redis://gate2@one/2', 'redis://one/2', 'redis://gate@one/3'])
      expect(ofCluster(['redis://gate@one/2', other], more), other).to.deep.equal([DIFFER]);
  });

  it('lets authorities be named for TLS only, and says nothing about URLs that cannot be read', () => {
    const more = { ca_file: 'ca.pem' };
    const needs = 'cluster.ca_file needs a URL that begins with rediss://';
    expect(ofCluster(['rediss://one', 'rediss://two'], more)).to.be.empty;
    expect(ofCluster('redis://one', more)).to.deep.equal([needs]);
    expect(ofCluster('valkey', more)).to.be.empty;
  });
});
