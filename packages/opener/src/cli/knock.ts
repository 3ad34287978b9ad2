import { seal, type Sealer } from '@bouncer-spa/protocol';
import { describe } from '../core/description.js';
import { messageOf, type Request } from '../core/request.js';
import type { Profile } from '../core/profile.js';
import { loadSealer } from '../system/sealer.js';
import { say } from './say.js';

/** Seals packets for one request, each fresh. With `verbose` the first is described. */
export class Knock {
  readonly request: Request;
  /** Packets sealed. */
  count = 0;
  readonly #sealer: Sealer;
  readonly #verbose: boolean;

  private constructor(request: Request, sealer: Sealer, verbose: boolean) {
    this.request = request;
    this.#sealer = sealer;
    this.#verbose = verbose;
  }

  /** @throws {Refusal} that lists what is wrong with the secrets */
  static async load(
    profile: Profile,
    request: Request,
    keyFile: string | undefined,
    verbose: boolean,
  ): Promise<Knock> {
    return new Knock(request, await loadSealer(profile, keyFile), verbose);
  }

  /** @param address where it goes; nothing if it is printed */
  packet(address?: string): Uint8Array {
    const time = Date.now();
    const packet = seal(this.#sealer, messageOf(this.request, time));
    if (this.#verbose) {
      if (this.count === 0) say(...describe(this.request, { time, size: packet.length, address }));
      else say(`sent again, to ${address ?? this.request.host}`);
    }
    this.count++;
    return packet;
  }
}
