import { writeFileSync } from 'node:fs';
import { repositoryPath } from '../../../test/support/paths.js';
import { Arena } from '../arena.js';
import { fwknopClient, fwknopd } from '../contenders/fwknopd.js';
import type { Programs } from '../programs.js';
import type { CommandName, CommandRow } from '../results.js';
import type { Settings } from '../settings.js';

const STOPWATCH = repositoryPath('build/tools/bench/stopwatch-main.js');

/** What the stopwatch is to run. */
export interface Rounds {
  readonly rounds: number;
  readonly commands: readonly { readonly command: CommandName; readonly argv: readonly string[] }[];
}

/** (f) Wall time of the whole client, in milliseconds. */
export async function measureOpener(programs: Programs, { opener }: Settings): Promise<CommandRow[]> {
  return Arena.with(programs, async (arena) => {
    const { network, installation } = arena;
    installation.addClient('alice');
    const profile = installation.writeProfile('alice', network.server.ipv4, { note: 21 });
    // Writes its client's profile, too.
    const listener = await fwknopd.start(arena, { clients: 1 });
    await listener.stop();
    const rounds: Rounds = {
      rounds: opener.rounds,
      commands: [
        { command: 'node', argv: [process.execPath, '-e', '0'] },
        {
          command: 'opener',
          argv: [process.execPath, programs.opener, '--profile', profile, '-f', 'note'],
        },
        { command: 'fwknop', argv: fwknopClient(installation) },
      ],
    };
    const order = installation.path('rounds.json');
    writeFileSync(order, JSON.stringify(rounds));
    const told = network.run(network.client, [process.execPath, STOPWATCH, order]);
    return JSON.parse(told) as CommandRow[];
  });
}
