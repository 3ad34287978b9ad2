import { seal, type Sealer } from '@bouncer-spa/protocol';
import { OWN_SOURCE, parseActingAddress, type ActingAddress } from '../core/address.js';
import { describe } from '../core/description.js';
import { messageOf, type Request } from '../core/request.js';
import type { Profile } from '../core/profile.js';
import { ownAddress } from '../system/own-address.js';
import type { Destination } from '../system/resolve.js';
import { loadSealer } from '../system/sealer.js';
import type { ProxyCommand, SendCommand } from './options.js';
import { say } from './say.js';

/** What the command line says of packets. */
type KnockOptions = Pick<SendCommand | ProxyCommand, 'keyFile' | 'sending' | 'verbose'>;

/** Seals packets for one request, each fresh. If it is verbose the first is described. */
export class Knock {
  readonly request: Request;
  /** Packets sealed. */
  count = 0;
  readonly #sealer: Sealer;
  readonly #command: KnockOptions;

  private constructor(request: Request, sealer: Sealer, command: KnockOptions) {
    this.request = request;
    this.#sealer = sealer;
    this.#command = command;
  }

  /** @throws {Refusal} that lists what is wrong with the secrets */
  static async load(profile: Profile, request: Request, command: KnockOptions): Promise<Knock> {
    return new Knock(request, await loadSealer(profile, command.keyFile), command);
  }

  /**
   * @param to where it goes; may be left out if it is printed, and the request does not name our own source
   * @throws {Refusal} if the kernel knows no way there
   */
  async packet(to?: Destination): Promise<Uint8Array> {
    const named = await this.#namedAddress(to);
    const time = Date.now();
    const packet = seal(this.#sealer, messageOf(this.request, time, named));
    if (this.#command.verbose) {
      const facts = { time, size: packet.length, address: to?.address, named };
      if (this.count === 0) say(...describe(this.request, facts));
      else say(`sent again, to ${to?.address ?? this.request.host}`);
    }
    this.count++;
    return packet;
  }

  async #namedAddress(to: Destination | undefined): Promise<ActingAddress | undefined> {
    const { address } = this.request;
    if (address !== OWN_SOURCE) return address;
    const { source } = this.#command.sending;
    if (source !== undefined) return parseActingAddress(source);
    if (to === undefined) throw new Error('nobody knows where the packet goes');
    return ownAddress(to);
  }
}
