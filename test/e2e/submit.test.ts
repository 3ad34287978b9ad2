import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import type { Bouncer, LogRecord } from '../support/bouncer.js';
import { BOUNCER, OPENER, repositoryPath } from '../support/paths.js';
import { decisionOn, Stage } from '../support/stage.js';
import { waitFor } from '../support/wait.js';

const MINUTE = 60_000;
const ADDRESS = '203.0.113.9';
const NAMED = Uint8Array.from(Buffer.from('00000000000000000000ffffcb007109', 'hex'));

/** The command of the recipe, as an administrator's system has it. */
const SUBMIT = 'sudo -n /usr/bin/bouncer submit';

describe('A packet that comes by another way than UDP', () => {
  const stage = new Stage();
  let bouncer: Bouncer;

  beforeEach(async function () {
    stage.open(this);
    const { installation } = stage;
    for (const name of ['alice', 'bob']) installation.addClient(name);
    const note = installation.writeScript('note.sh', `echo "$1/$2" >> "${installation.path('noted')}"`);
    configure(note, '[submit]\nmax_age = "30m"');
    bouncer = await stage.bouncer();
  });

  afterEach(() => stage.close());

  function configure(note: string, submit: string): void {
    stage.installation.writeConfig(`${submit}
[actions.note]
code = 21
run = ["${note}", "{address}", "{source}"]
[clients.alice]
seed_file = "alice.seed"
actions = ["note"]
bind = "any"
[clients.bob]
seed_file = "bob.seed"
actions = ["note"]
`);
  }

  function packet(minutes = 0, client = 'alice'): Uint8Array {
    return stage.installation.packet(client, 21, { time: Date.now() + minutes * MINUTE, address: NAMED });
  }

  function submit(input: string | Uint8Array, ...options: string[]) {
    const text = typeof input === 'string' ? input : `${Buffer.from(input).toString('base64')}\n`;
    const args = [BOUNCER, 'submit', '-c', stage.installation.config, ...options];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', input: text });
    return { status, stdout, stderr };
  }

  /** Submits a packet, and waits until the log has the decision too. */
  async function decided(bytes: Uint8Array) {
    const count = (): number => bouncer.accepted.length + bouncer.rejected.length;
    const before = count();
    const ending = submit(bytes);
    await waitFor('the decision in the log', () => count() > before || undefined);
    return ending;
  }

  const ACCEPTED = { status: 0, stdout: `accepted: alice note for ${ADDRESS}\n`, stderr: '' };
  const REPLAY = { status: 1, stdout: '', stderr: 'bouncer: rejected: already accepted once\n' };

  function actionEnded(record: LogRecord): boolean {
    return record.msg === 'action note of alice exited with status 0';
  }

  it('is accepted once, by whatever way, also after the daemon was killed', async () => {
    const old = packet(-29);
    expect(await decided(old)).to.deep.equal(ACCEPTED);
    await bouncer.logged('the end of the action', actionEnded);
    expect(stage.installation.read('noted')).to.equal(`${ADDRESS}/\n`);
    expect(bouncer.accepted[0]).to.include({ client: 'alice', carrier: true, minute_offset: -29 });
    expect(await decided(old)).to.deep.equal(REPLAY);

    const sender = stage.sender();
    const fresh = packet();
    expect(await decided(fresh)).to.deep.equal(ACCEPTED);
    expect(await decisionOn(stage, bouncer, sender, fresh)).to.include({ reason: 'replay' });
    const sent = packet();
    expect(await decisionOn(stage, bouncer, sender, sent)).to.include({ decision: 'accept' });
    expect(await decided(sent)).to.deep.equal(REPLAY);

    await bouncer.kill();
    bouncer = await stage.bouncer();
    for (const again of [old, fresh, sent]) expect(await decided(again)).to.deep.equal(REPLAY);
    expect(await decided(packet(-29))).to.deep.equal(ACCEPTED);
  });

  it('is refused with the reason', () => {
    expect(submit(packet(-32)).stderr).to.include('its minute is outside the window');
    const nameless = stage.installation.packet('alice', 21);
    for (const bytes of [packet(0, 'bob'), nameless]) {
      expect(submit(bytes).stderr).to.equal(
        'bouncer: rejected: the client may not act for this address\n' +
          'Try: opener --allow ADDRESS, which names one, and bind = "any" for the client\n',
      );
    }
    expect(submit('Dear sir').stderr).to.equal('bouncer: the body is not a packet in base64\n');
    const { status, stdout } = submit(packet(0, 'bob'), '--json');
    expect(status).to.equal(1);
    expect(JSON.parse(stdout)).to.deep.include({ decision: 'reject', reason: 'address' });
  });

  it('is refused where the config does not say how old it may be', async () => {
    configure('/bin/true', '');
    await bouncer.reload();
    expect(submit(packet())).to.deep.equal({
      status: 1,
      stdout: '',
      stderr: 'bouncer: packets are not taken here: the config has no max_age in [submit]\n',
    });
  });

  it('comes by mail, through procmail, from "opener --print"', async () => {
    const { installation } = stage;
    const recipe = readFileSync(repositoryPath('configs/procmailrc'), 'utf8');
    expect(recipe).to.include(SUBMIT);
    const command = `${process.execPath} ${BOUNCER} submit -c ${installation.config}`;
    writeFileSync(installation.path('procmailrc'), recipe.replace(/^\| sudo .*$/m, `| ${command}`), {
      mode: 0o600,
    });
    const profile = installation.writeProfile('alice', '192.0.2.1', { note: 21 });
    const text = execFileSync(
      process.execPath,
      [OPENER, '--profile', profile, '--allow', ADDRESS, '--print', 'note'],
      { encoding: 'utf8' },
    );
    const deliver = (body: string): number | null => {
      const mail = `From: alice@example.net\nTo: door@gw1.example.net\nSubject: packet\n\n${body}`;
      const { status } = spawnSync('procmail', [installation.path('procmailrc')], {
        input: mail,
        env: { PATH: process.env['PATH'], HOME: installation.folder, LOGNAME: 'root' },
      });
      return status;
    };
    expect(deliver('Dear sir,\n\nwould you kindly let me in?\n')).to.equal(0);
    expect(deliver(text)).to.equal(0);
    await bouncer.logged('the acceptance', ({ decision }) => decision === 'accept');
    expect(bouncer.accepted).to.have.length(1);
    expect(bouncer.accepted[0]).to.include({ client: 'alice', address: ADDRESS, carrier: true });
    expect(deliver(text)).to.equal(0);
    await bouncer.logged('the replay', ({ reason }) => reason === 'replay');
  });
});
