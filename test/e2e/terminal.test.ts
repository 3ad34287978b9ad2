import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseGateKey, parseSeed } from '@bouncer-spa/protocol';
import { openBundle, readBundle, sealBundle, writeBundle } from '@bouncer-spa/protocol/bundle';
import { expect } from 'chai';
import { runToEnd } from '../support/command.js';
import { Installation, SERVER_ID } from '../support/installation.js';
import { BOUNCER, OPENER } from '../support/paths.js';
import { CTRL_C, CTRL_D, typeAt, type Session } from '../support/terminal.js';

const PASSPHRASE = 'correct hörse';

/** What becomes of a question that is not answered. */
const LEAVING = [
  ['Ctrl-C', `half of it${CTRL_C}`],
  ['Ctrl-D', CTRL_D],
] as const;

describe('What is typed at a terminal', function () {
  this.timeout(60_000);
  let installation: Installation;

  beforeEach(() => {
    installation = Installation.make();
    mkdirSync(installation.path('clients.d'), { mode: 0o700 });
    const note = '[actions.note]\ncode = 21\nrun = ["/bin/true"]\n';
    installation.writeConfig(note, { server: 'clients_dir = "clients.d"' });
  });

  afterEach(() => {
    installation.remove();
  });

  describe('as the passphrase for a bundle', () => {
    const FIRST = 'passphrase of the bundle';
    const SECOND = 'the same again';

    /** Has a client made, with standard input elsewhere. */
    function add(answers: Parameters<typeof typeAt>[1]): Promise<Session> {
      const words = ['client', 'add', 'alice', '--action', 'note', '--passphrase', '-c', installation.config];
      const line = [process.execPath, BOUNCER, ...words].join(' ');
      return typeAt(`${line} </dev/null`, answers);
    }

    function expectNobody({ screen, status }: Session, says: string): void {
      expect(screen).to.include(`bouncer: ${says}\r\n`);
      expect(status).to.equal(1);
      expect(existsSync(installation.path('clients.d/alice.toml'))).to.equal(false);
    }

    it('is not shown, is asked for twice, and is what the bundle needs', async () => {
      const { screen, status } = await add([
        [FIRST, `${PASSPHRASE}\r`],
        [SECOND, `${PASSPHRASE}\r`],
      ]);
      expect(status, screen).to.equal(0);
      expect(screen).to.not.include(PASSPHRASE);
      const sealed = readBundle(/^bouncer:\S+/m.exec(screen)?.[0] ?? '');
      if (typeof sealed === 'string' || !('salt' in sealed)) throw new Error('expected a sealed bundle');
      expect(openBundle(sealed, PASSPHRASE)).to.have.property('profile').that.includes(SERVER_ID);
    });

    it('makes no client if the second is another', async () => {
      const session = await add([
        [FIRST, `${PASSPHRASE}\r`],
        [SECOND, 'correct horse\r'],
      ]);
      expectNobody(session, 'the two passphrases differ; nothing was changed');
    });

    it('makes no client if it is empty', async () => {
      expectNobody(await add([[FIRST, '\r']]), 'an empty passphrase protects nothing; nothing was changed');
    });

    for (const [name, keys] of LEAVING) {
      it(`makes no client if either question is left with ${name}`, async () => {
        const says = 'no passphrase was given: without a terminal, use --passphrase-file FILE';
        expectNobody(await add([[FIRST, keys]]), says);
        const answers = [
          [FIRST, `${PASSPHRASE}\r`],
          [SECOND, keys],
        ] as const;
        expectNobody(await add(answers), says);
      });
    }

    it('is missing where there is no terminal, which is said', async () => {
      const words = ['client', 'add', 'alice', '--action', 'note', '--passphrase', '-c', installation.config];
      const { status, stderr } = await runToEnd(['setsid', '--wait', process.execPath, BOUNCER, ...words]);
      expect(stderr).to.equal(
        'bouncer: no passphrase was given: without a terminal, use --passphrase-file FILE\n',
      );
      expect(status).to.equal(1);
    });
  });

  describe('as a bundle and its passphrase', () => {
    const BUNDLE = {
      gateKey: parseGateKey('9a7e'.repeat(16)),
      seed: parseSeed('5eed'.repeat(16)),
      profile: `host = "${SERVER_ID}"\nport = 51324\n\n[actions]\nnote = 21\n`,
    };
    let sealed: string;

    before(() => {
      sealed = sealBundle(BUNDLE, PASSPHRASE);
    });

    /** Has a bundle imported as a profile `typed`. */
    function importTyped(
      source: string,
      answers: Parameters<typeof typeAt>[1],
      redirection = '',
    ): Promise<Session> {
      const line = [process.execPath, OPENER, 'import', source, '--name', 'typed', redirection].join(' ');
      return typeAt(line, answers, { XDG_CONFIG_HOME: installation.path('home') });
    }

    const profile = () => installation.path('home/opener/typed.toml');

    it('is not shown, is asked for again if it is wrong, and becomes a profile', async () => {
      const { screen, status } = await importTyped('-', [
        ['the bundle', `${sealed}\r`],
        ['passphrase', 'wrong\r'],
        ['passphrase', `${PASSPHRASE}\r`],
      ]);
      expect(status, screen).to.equal(0);
      expect(screen).to.include('the passphrase is wrong').and.to.include('opener typed note');
      expect(screen).to.not.include(sealed.slice(0, 40));
      expect(screen).to.not.include(PASSPHRASE);
      expect(readFileSync(profile(), 'utf8')).to.include('5eed'.repeat(16));
    });

    it('may be broken into lines, the last of which is ended later', async () => {
      const pasted = writeBundle(BUNDLE).replaceAll(/(.{60})/g, '$1\r');
      const { screen, status } = await importTyped('-', [['the bundle', pasted, '\r']]);
      expect(status, screen).to.equal(0);
      expect(existsSync(profile())).to.equal(true);
    });

    it('is asked for at the terminal if standard input has brought the bundle', async () => {
      writeFileSync(installation.path('bundle'), sealed);
      const { screen, status } = await importTyped(
        '-',
        [['passphrase', `${PASSPHRASE}\r`]],
        `<${installation.path('bundle')}`,
      );
      expect(status, screen).to.equal(0);
      expect(existsSync(profile())).to.equal(true);
    });

    it('is asked for three times', async () => {
      const wrong = ['passphrase', 'wrong\r'] as const;
      const { screen, status } = await importTyped(sealed, [wrong, wrong, wrong]);
      expect(status).to.equal(3);
      expect(screen.match(/the passphrase is wrong/g)).to.have.length(3);
    });

    for (const [name, keys] of LEAVING) {
      it(`makes no profile if either question is left with ${name}`, async () => {
        const first = await importTyped('-', [['the bundle', keys]]);
        expect(first.screen).to.include('opener: no bundle was given');
        const second = await importTyped(sealed, [['passphrase', keys]]);
        expect(second.screen).to.include('no passphrase was given');
        expect([first.status, second.status]).to.deep.equal([3, 3]);
        expect(existsSync(profile())).to.equal(false);
      });
    }
  });
});
