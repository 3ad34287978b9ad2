import { actionOpening } from '../core/action.js';
import { planRequest } from '../core/request.js';
import { sendDatagram } from '../system/datagram.js';
import { loadProfile } from '../system/profile-file.js';
import { relay } from '../system/relay.js';
import { warnOfClock } from './clock-warning.js';
import { Knock } from './knock.js';
import type { ProxyCommand } from './options.js';
import { say } from './say.js';
import { waitForDoor } from './wait.js';

/**
 * Opens a port of the server and relays standard input and output to it, for ssh's ProxyCommand.
 * @throws {Refusal} if the port does not open, or the connection breaks
 */
export async function proxy(command: ProxyCommand): Promise<void> {
  const profile = loadProfile(command.profile);
  const action = command.request.action ?? actionOpening('tcp', command.port, profile.actions);
  const request = planRequest({ ...command.request, action }, profile);
  const knock = await Knock.load(profile, request, command);
  warnOfClock(command.verbose, true);
  const { connection, address, took } = await waitForDoor(knock, command.port, (payload, to) =>
    sendDatagram(payload, to, request.port, command.sending),
  );
  if (command.verbose) say(`tcp/${command.port} at ${address} is open after ${took} s`);
  await relay(connection);
}
