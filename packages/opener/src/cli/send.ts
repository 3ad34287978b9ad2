import { seal } from '@bouncer-spa/protocol';
import { describe } from '../core/description.js';
import { messageOf, planRequest } from '../core/request.js';
import { loadProfile } from '../system/profile-file.js';
import { loadSealer } from '../system/sealer.js';
import type { SendCommand } from './options.js';
import { say } from './say.js';

/**
 * Sends one packet, or prints it.
 * @throws {Refusal} if anything stands in the way
 */
export async function send(command: SendCommand): Promise<void> {
  const profile = await loadProfile(command.profile);
  const request = planRequest(command.request, profile);
  const sealer = await loadSealer(profile, command.keyFile);

  const sealNow = (address?: string): Uint8Array => {
    const time = Date.now();
    const packet = seal(sealer, messageOf(request, time));
    if (command.verbose) say(...describe(request, { time, size: packet.length, address }));
    return packet;
  };

  // Each way loads only the modules that it takes.
  if (command.print) {
    const { writeStandardOutput } = await import('../system/standard-output.js');
    await writeStandardOutput(`${Buffer.from(sealNow()).toString('base64')}\n`);
  } else {
    const { resolve } = await import('../system/resolve.js');
    const { sendDatagram } = await import('../system/datagram.js');
    const destination = await resolve(request.host, request.family);
    // Sealed only now, since resolving a name can take a good part of a minute.
    await sendDatagram(sealNow(destination.address), destination, request.port);
  }
}
