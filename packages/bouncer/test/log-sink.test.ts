import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Datagram } from '@bouncer-spa/bouncer/dist/core/datagram.js';
import type { Reject } from '@bouncer-spa/bouncer/dist/core/verdict.js';
import { DecisionLog } from '@bouncer-spa/bouncer/dist/system/decision-log.js';
import { logSink, type LogSink } from '@bouncer-spa/bouncer/dist/system/log-sink.js';
import { createLog } from '@bouncer-spa/bouncer/dist/system/log.js';

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** More lines of 1000 bytes than a pipe and a sink hold. */
const TOO_MANY = 3_000;

interface Record {
  readonly msg: string;
  readonly level: number;
  readonly lost?: number;
  readonly [field: string]: unknown;
}

describe('Logging', () => {
  let folder: string;
  let open: number[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bouncer-log-'));
    open = [];
  });

  afterEach(() => {
    open.forEach(closeSync);
    rmSync(folder, { recursive: true });
  });

  function opened(path: string, flags: number | string): number {
    const descriptor = openSync(path, flags);
    open.push(descriptor);
    return descriptor;
  }

  /** A pipe with nobody who reads it, unless the test does. */
  class Pipe {
    readonly #reader: number;
    readonly sink: LogSink;

    constructor() {
      const path = join(folder, `pipe-${open.length}`);
      execFileSync('mkfifo', [path]);
      this.#reader = opened(path, O_RDONLY | O_NONBLOCK);
      // The sink keeps its descriptor for good.
      this.sink = logSink(openSync(path, O_WRONLY | O_NONBLOCK));
    }

    /** Everything that comes until the sink has handed over all it has. */
    async drain(): Promise<string> {
      const pieces: Buffer[] = [];
      const state = { flushed: false };
      void this.sink.flush().then(() => {
        state.flushed = true;
      });
      for (let idle = 0; idle < 10; idle = state.flushed ? idle + 1 : 0) {
        const piece = this.#read();
        if (piece.length > 0) pieces.push(piece);
        else await sleep(5);
      }
      return Buffer.concat(pieces).toString('utf8');
    }

    stopReading(): void {
      open = open.filter((descriptor) => descriptor !== this.#reader);
      closeSync(this.#reader);
    }

    #read(): Buffer {
      const buffer = Buffer.alloc(65_536);
      try {
        return buffer.subarray(0, readSync(this.#reader, buffer));
      } catch {
        return Buffer.alloc(0); // nothing there at the moment
      }
    }
  }

  function recordsOf(text: string): Record[] {
    expect(text === '' || text.endsWith('\n'), 'the last line is whole').to.equal(true);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record);
  }

  describe('A log sink for a file', () => {
    it('writes each line at once', () => {
      const path = join(folder, 'log');
      const sink = logSink(opened(path, 'a'));
      sink.write('one\n');
      sink.write('two\n');
      expect(readFileSync(path, 'utf8')).to.equal('one\ntwo\n');
      expect(sink.takeLosses()).to.equal(undefined);
    });

    it('counts what a full disk does not take, and does not throw', () => {
      const sink = logSink(opened('/dev/full', 'w'));
      for (let line = 0; line < 3; line++) sink.write('lost\n');
      expect(sink.takeLosses()?.lines).to.equal(3);
      expect(sink.takeLosses()).to.equal(undefined);
    });

    it("tells the system's reason for a loss", () => {
      const sink = logSink(opened('/dev/full', 'w'));
      sink.write('lost\n');
      expect(sink.takeLosses()?.reason).to.match(/no space left on device/i);
    });
  });

  describe('A log sink for a pipe', () => {
    it('hands every line to the reader, in order', async () => {
      const pipe = new Pipe();
      const lines = Array.from({ length: 100 }, (_, number) => `line ${number}\n`);
      for (const line of lines) pipe.sink.write(line);
      expect(await pipe.drain()).to.equal(lines.join(''));
      expect(pipe.sink.takeLosses()).to.equal(undefined);
    });

    it('does not wait for a reader that does not read, counts what it misses, and cuts no line', async () => {
      const pipe = new Pipe();
      const line = `${'x'.repeat(999)}\n`;
      for (let number = 0; number < TOO_MANY; number++) pipe.sink.write(line);
      const lost = pipe.sink.takeLosses()?.lines ?? 0;
      expect(lost).to.be.greaterThan(0);
      const lines = (await pipe.drain()).split('\n').slice(0, -1);
      expect(lines.length + lost).to.equal(TOO_MANY);
      expect(lines.filter((text) => text.length !== 999)).to.deep.equal([]);
    });

    it('goes on without a reader', async () => {
      const pipe = new Pipe();
      pipe.stopReading();
      for (let number = 0; number < 10; number++) {
        pipe.sink.write('nobody reads this\n');
        await sleep(1);
      }
      expect(pipe.sink.takeLosses()?.lines).to.be.greaterThan(5);
      await pipe.sink.flush();
    });

    it('lets flushing end although the reader does not take the rest', async () => {
      const pipe = new Pipe();
      for (let number = 0; number < 500; number++) pipe.sink.write(`${'x'.repeat(999)}\n`);
      await pipe.sink.flush();
      expect((await pipe.drain()).length).to.equal(500_000);
    });
  });

  describe('The log', () => {
    it('says how many lines were lost in all as soon as there is room again', async () => {
      const pipe = new Pipe();
      const log = createLog([pipe.sink], 'info');
      for (let number = 0; number < TOO_MANY; number++) log.info({ filling: 'x'.repeat(900) }, 'a line');
      const before = recordsOf(await pipe.drain());
      log.info('room again');
      const after = recordsOf(await pipe.drain());
      const lost = TOO_MANY - before.length;
      expect(lost).to.be.greaterThan(100);
      expect(after.map(({ msg }) => msg)).to.deep.equal([
        `${lost} log lines were lost: the reader of the log is too slow`,
        'room again',
      ]);
      expect(after[0]).to.include({ lost, level: 40, name: 'bouncer', v: 0, pid: process.pid });
    });

    it('is one JSON record a line, whatever a record contains', () => {
      const path = join(folder, 'log');
      const log = createLog([logSink(opened(path, 'a'))], 'debug');
      const output = 'two\nlines, \u001b[31mcolour\u0000, \u2028 and \ud800';
      log.info({ output }, 'a record\nof two lines');
      log.debug('another');
      const [first, second] = recordsOf(readFileSync(path, 'utf8'));
      expect(first).to.include({ msg: 'a record\nof two lines', output });
      expect(second).to.include({ msg: 'another', level: 20 });
    });
  });

  describe('The log of decisions', () => {
    const MINUTE = 60_000;
    const datagram: Datagram = {
      source: Buffer.from('00000000000000000000ffffc0000207', 'hex'),
      destination: Buffer.from('00000000000000000000ffffc0000201', 'hex'),
      sourcePort: 40_000,
      destinationPort: 51_324,
      payload: new Uint8Array(),
    };
    const unknown: Reject = { accepted: false, reason: 'locator' };
    const forged: Reject = { accepted: false, reason: 'tag' };

    let decisions: DecisionLog;
    let path: string;

    beforeEach(() => {
      path = join(folder, 'log');
      decisions = new DecisionLog(createLog([logSink(opened(path, 'a'))], 'info'), 2);
    });

    function messages(): string[] {
      return recordsOf(readFileSync(path, 'utf8')).map(({ msg }) => msg);
    }

    function reject(rejected: Reject, times: number, monotonic: number): void {
      for (let count = 0; count < times; count++)
        decisions.rejected(rejected, datagram, { unix: 0, monotonic });
    }

    it('has a line for so many rejects of a reason, and after a minute one that counts the rest', () => {
      reject(unknown, 7, 1_000);
      decisions.tick(1_000 + MINUTE - 1);
      const line = 'rejected: no client of this server sealed it for a known action';
      expect(messages()).to.deep.equal([line, line]);
      decisions.tick(1_000 + MINUTE);
      expect(messages().slice(2)).to.deep.equal([
        'rejected 5 more: no client of this server sealed it for a known action',
      ]);
      expect(recordsOf(readFileSync(path, 'utf8')).at(-1)).to.include({
        decision: 'reject',
        reason: 'locator',
        count: 5,
      });
    });

    it('has lines again in the next minute', () => {
      reject(unknown, 3, 0);
      decisions.tick(MINUTE);
      reject(unknown, 1, MINUTE);
      expect(messages()).to.have.length(4);
    });

    it('counts each reason by itself', () => {
      reject(unknown, 4, 0);
      reject(forged, 3, 0);
      decisions.flush();
      expect(messages().filter((message) => message.includes(' more: '))).to.deep.equal([
        'rejected 2 more: no client of this server sealed it for a known action',
        'rejected 1 more: not sealed by the client it names, or changed on the way',
      ]);
    });

    it('loses no count when its limit changes', () => {
      reject(unknown, 4, 0);
      decisions.limit(1);
      expect(messages().at(-1)).to.equal(
        'rejected 2 more: no client of this server sealed it for a known action',
      );
      reject(unknown, 2, 0);
      decisions.flush();
      expect(messages().slice(3)).to.deep.equal([
        'rejected: no client of this server sealed it for a known action',
        'rejected 1 more: no client of this server sealed it for a known action',
      ]);
    });

    it('has no count of what was not rejected', () => {
      reject(unknown, 2, 0);
      decisions.flush();
      decisions.flush();
      expect(messages()).to.have.length(2);
    });

    it('does not mention what the network delivered twice', () => {
      reject({ accepted: false, reason: 'duplicate' }, 5, 0);
      decisions.flush();
      expect(messages()).to.deep.equal([]);
    });
  });
});
