import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { expect } from 'chai';
import type { GrantList } from '@bouncer-spa/bouncer/dist/core/control.js';
import type { GrantView } from '@bouncer-spa/bouncer/dist/core/grant-view.js';
import type { Status } from '@bouncer-spa/bouncer/dist/core/status.js';
import { parseAddress } from '@bouncer-spa/bouncer/dist/core/address.js';
import type { Bouncer, LogRecord } from '../support/bouncer.js';
import { bouncerCommand } from '../support/command.js';
import type { Sender } from '../support/sender.js';
import { Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const CODE = 21;

const GRANTS = 1_000;

/** Packets that are sent ahead: more at once could be more than the capture's buffer holds. */
const IN_FLIGHT = 50;

/** Milliseconds. Nothing here is about speed. */
const PATIENCE = 60_000;

describe('A thousand grants at once', function () {
  this.timeout(4 * PATIENCE);
  const stage = new Stage();
  let bouncer: Bouncer;
  let sender: Sender;

  before(async function () {
    stage.open(this);
    stage.installation.addClient('alice');
    stage.installation.writeConfig(`[guard]
ports = ["tcp/22"]

[actions.ssh]
code = ${CODE}
allow = ["tcp/22"]
for = "1h"
max = "10h"

[clients.alice]
seed_file = "alice.seed"
actions = ["ssh"]
bind = "any"
grants = 10000
`);
    bouncer = await stage.bouncer();
    recordNft(bouncer);
    sender = stage.sender();
    for (let number = 0; number < GRANTS; number++) {
      await send(addressOf(number));
      const least = number + 1 - IN_FLIGHT;
      await waitFor('packets to be accepted', () => bouncer.accepted.length >= least || undefined, PATIENCE);
    }
    await waitFor('all to be open', () => elements().size === GRANTS || undefined, PATIENCE);
  });

  after(() => stage.close());

  /** Has each nft that a daemon starts write down its arguments in the file `calls`. */
  function recordNft({ pid }: Bouncer): void {
    const { installation } = stage;
    copyFileSync('/usr/sbin/nft', installation.path('nft'));
    const recorder = installation.writeScript(
      'recorder.sh',
      `echo "$*" >> "${installation.path('calls')}"\nexec "${installation.path('nft')}" "$@"`,
    );
    execFileSync('nsenter', ['-t', String(pid), '-m', 'mount', '--bind', recorder, '/usr/sbin/nft']);
  }

  /** What a daemon has asked the kernel for who is let in. */
  function listings(): string[] {
    const calls = stage.installation.read('calls').split('\n');
    return calls.filter((call) => call.includes(' list ') && !call.includes(' -t '));
  }

  async function send(address: string, duration = 0): Promise<void> {
    const fields = { duration, address: parseAddress(address) };
    await sender.send(stage.installation.packet('alice', CODE, fields), stage.network.server.ipv4);
  }

  function logged(what: string, matches: (record: LogRecord) => boolean): Promise<LogRecord> {
    return waitFor(what, () => bouncer.records.find(matches), PATIENCE);
  }

  /** Addresses that the kernel lets in, and the seconds for which they were to be let in. */
  function elements(): ReadonlyMap<string, number> {
    const { network } = stage;
    const set = network.run(network.server, ['nft', '-j', 'list', 'set', 'inet', 'bouncer', 'tcp_22_ipv4']);
    return new Map(
      Array.from(set.matchAll(/"val": "([^"]+)", "timeout": (\d+)/g), ([, address = '', seconds]) => [
        address,
        Number(seconds),
      ]),
    );
  }

  async function ask<Body>(...words: string[]): Promise<Body> {
    const { stdout } = await bouncerCommand([...words, '-c', stage.installation.config, '--json']);
    return JSON.parse(stdout) as Body;
  }

  async function grants(): Promise<readonly GrantView[]> {
    return (await ask<GrantList>('grants')).grants;
  }

  it('are counted by "status" and listed by "grants", each with its own address and id', async () => {
    expect((await ask<Status>('status')).grants).to.deep.equal({ live: GRANTS, failing: 0 });
    const listed = await grants();
    expect(new Set(listed.map(({ address }) => address)).size).to.equal(GRANTS);
    expect(new Set(listed.map(({ id }) => id)).size).to.equal(GRANTS);
    const { stdout } = await bouncerCommand(['grants', '-c', stage.installation.config]);
    expect(stdout.trim().split('\n')).to.have.length(GRANTS + 1);
  });

  it('are extended, revoked and ended one by one, and the kernel is never asked for the others', async () => {
    const [extended, revoked, ended] = [addressOf(500), addressOf(501), addressOf(GRANTS)];
    const former = (await grants()).find(({ address }) => address === extended);
    const open = elements();
    const before = listings().length;
    await send(extended, 7_200);
    const record = await logged('the extension', (found) => found['extended'] === true);
    expect(record).to.include({ grant: former?.id, address: extended });
    await waitFor('it in the kernel', () => (elements().get(extended) ?? 0) > 3_600 || undefined, PATIENCE);

    await send(ended, 1);
    await logged('the end', (found) => found['ended'] === 'expired' && found['address'] === ended);
    const answer = await ask<GrantList>('revoke', revoked);
    expect(answer.grants.map(({ address, state }) => `${address} ${state}`)).to.deep.equal([
      `${revoked} closed`,
    ]);

    const others = ([address]: readonly [string, number]): boolean =>
      ![extended, revoked, ended].includes(address);
    const left = elements();
    expect([left.has(revoked), left.has(ended)]).to.deep.equal([false, false]);
    expect([...left].filter(others), 'the others').to.deep.equal([...open].filter(others));
    expect(listings().slice(before)).to.deep.equal([]);
  });

  it('are taken over by the next daemon as they are', async () => {
    const before = elements();
    const ids = (await grants()).map(({ id }) => id).sort();
    await bouncer.kill();
    bouncer = await stage.bouncer();
    expect((await grants()).map(({ id }) => id).sort()).to.deep.equal(ids);
    expect(elements()).to.deep.equal(before);
  });
});

function addressOf(number: number): string {
  return `198.51.${100 + (number >> 8)}.${number & 0xff}`;
}
