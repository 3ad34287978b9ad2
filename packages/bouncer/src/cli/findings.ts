import { minuteOf } from '@bouncer-spa/protocol';
import { formatAddress } from '../core/address.js';
import type { CaptureReport } from '../core/capture-wire.js';
import type { Datagram } from '../core/datagram.js';
import type { Examiner } from '../core/diagnosis.js';
import { diagnosisClaim, diagnosisText, diagnosisWord } from '../core/diagnosis-text.js';
import type { Moment } from '../core/moment.js';

/** Lines for datagrams of one kind; further ones are only counted. */
const MOST_LINES = 100;

/** Prints what is found out about datagrams: a line for each, and how many there were of each kind. */
export class Findings {
  readonly #examiner: Examiner;
  readonly #json: boolean;
  readonly #counts = new Map<string, number>();
  readonly #passedOver = new Map<string, number>();

  /** @param json whether each line is a JSON object */
  constructor(examiner: Examiner, json: boolean) {
    this.#examiner = examiner;
    this.#json = json;
  }

  take(datagram: Datagram, now: Moment): void {
    const diagnosis = this.#examiner.examine(datagram, now);
    const word = diagnosisWord(diagnosis);
    const count = (this.#counts.get(word) ?? 0) + 1;
    this.#counts.set(word, count);
    if (count > MOST_LINES) return;
    const time = new Date(now.unix).toISOString();
    const source = formatAddress(datagram.source);
    const { sourcePort: port } = datagram;
    const text = diagnosisText(diagnosis, datagram);
    const claim = diagnosisClaim(diagnosis);
    const fields = {
      time,
      source,
      port,
      bytes: datagram.payload.length,
      finding: word,
      ...(claim && {
        client: claim.client,
        action: claim.action,
        minute_offset: claim.minute - minuteOf(now.unix),
      }),
      text,
    };
    process.stdout.write(
      this.#json ? `${JSON.stringify(fields)}\n` : `${time}  ${source} port ${port}  ${text}\n`,
    );
  }

  /** Adds what a capture did not hand on. */
  passOver({ dropped, refused }: CaptureReport): void {
    for (const [fault, count] of [['came-too-fast', dropped] as const, ...Object.entries(refused)]) {
      if (count > 0) this.#passedOver.set(fault, (this.#passedOver.get(fault) ?? 0) + count);
    }
  }

  /** Ends the findings with their sums. */
  close(): void {
    const total = sum(this.#counts);
    const { unsearched } = this.#examiner;
    if (this.#json) {
      const found = Object.fromEntries(this.#counts);
      const passedOver = Object.fromEntries(this.#passedOver);
      const sums = { datagrams: total, found, passed_over: passedOver, not_searched: unsearched };
      process.stdout.write(`${JSON.stringify(sums)}\n`);
      return;
    }
    const kinds = total === 0 ? '' : `: ${list(this.#counts)}`;
    process.stdout.write(`${total} ${total === 1 ? 'datagram' : 'datagrams'} at the port${kinds}\n`);
    if (this.#passedOver.size > 0) process.stdout.write(`passed over: ${list(this.#passedOver)}\n`);
    if (unsearched > 0)
      process.stdout.write(
        `not looked for in other minutes: gate ${unsearched}; the capture jumps in time too often\n`,
      );
  }
}

function sum(counts: ReadonlyMap<string, number>): number {
  let total = 0;
  for (const count of counts.values()) total += count;
  return total;
}

function list(counts: ReadonlyMap<string, number>): string {
  return Array.from(counts, ([word, count]) => `${word} ${count}`).join(', ');
}
