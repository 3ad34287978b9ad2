import { OWN_SOURCE } from '../core/address.js';
import { showDoor } from '../core/door.js';
import { planRequest, type Request } from '../core/request.js';
import { chooseWait, silentDoor } from '../core/wait-choice.js';
import { sendDatagram } from '../system/datagram.js';
import { loadProfile } from '../system/profile-file.js';
import { resolve, type Destination } from '../system/resolve.js';
import { writeStandardOutput } from '../system/standard-output.js';
import { warnOfClock } from './clock-warning.js';
import { Knock } from './knock.js';
import type { SendCommand } from './options.js';
import { say } from './say.js';
import { waitForDoor } from './wait.js';

/**
 * Sends one packet and waits for what it opens, or prints it.
 * @throws {Refusal} if anything stands in the way
 */
export async function send(command: SendCommand): Promise<void> {
  const profile = loadProfile(command.profile);
  const request = planRequest(command.request, profile);
  const knock = await Knock.load(profile, request, command);

  if (command.print) {
    const packet = await knock.packet(await destinationFor(request));
    await writeStandardOutput(`${Buffer.from(packet).toString('base64')}\n`);
    return;
  }
  const door = chooseWait(command.wait, profile.wait, request, command.sending.source === undefined);
  // Asked when there is something to say: it takes half a millisecond to find out.
  const isTalkative = (): boolean => command.verbose || process.stderr.isTTY;
  warnOfClock(command.verbose, door !== undefined);
  if (door === undefined) {
    const destination = await resolve(request.host, request.family);
    // Sealed only now, since resolving a name can take a good part of a minute.
    await sendDatagram(await knock.packet(destination), destination, request.port, command.sending);
    const silent = command.wait === undefined && profile.wait ? silentDoor(request.action.opens) : undefined;
    if (silent !== undefined && isTalkative()) {
      say(`sent; a UDP port gives no sign of being open, so ${showDoor(silent)} is not waited for`);
    }
    return;
  }
  const { connection, address, took } = await waitForDoor(knock, door.port, (payload, to) =>
    sendDatagram(payload, to, request.port, command.sending),
  );
  connection.destroy();
  if (isTalkative()) say(`tcp/${door.port} at ${address} is open after ${took} s`);
}

/** Where a packet that is printed would go, if what it says depends on that. */
async function destinationFor({ address, host, family }: Request): Promise<Destination | undefined> {
  if (address !== OWN_SOURCE) return undefined;
  return resolve(host, family);
}
