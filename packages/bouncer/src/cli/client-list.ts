import { TomlDate } from 'smol-toml';
import { readEnrolment, type WrittenClient } from '../system/enrolment.js';
import { CONFIG_OPTION, defineCommand, expectNoWords } from './command.js';
import { reporting } from './failure.js';
import { styleOf } from './style.js';
import { tableText, type Cell } from './table.js';

export const command = defineCommand({
  usage: 'bouncer client list [OPTIONS]',
  about: `Lists the clients of the config and of its folder of clients, without their
secrets.`,
  options: {
    config: CONFIG_OPTION,
    json: { type: 'boolean', default: false, text: 'print one JSON value, for programs' },
  },
  examples: ['bouncer client list', 'bouncer client list --json'],
  async run({ config, json }, words) {
    expectNoWords(words);
    return reporting(async () => {
      const { clients } = await readEnrolment(config);
      const rows = clients.map(rowOf);
      process.stdout.write(
        json ? `${JSON.stringify(rows, undefined, 2)}\n` : tableText(rowsOf(rows), styleOf(process.stdout)),
      );
    });
  },
});

interface Row {
  readonly name: string;
  readonly actions: readonly string[];
  readonly not_after: string | null;
  /** Until when the previous seed is good. */
  readonly previous_until: string | null;
  readonly file: string;
}

function rowOf({ name, table, file }: WrittenClient): Row {
  return {
    name,
    actions: table.actions,
    not_after: textOf(table.not_after),
    previous_until: textOf(table.previous_until),
    file,
  };
}

/** A date or time as it was written. */
function textOf(date: Date | undefined): string | null {
  return date instanceof TomlDate ? date.toISOString() : null;
}

function rowsOf(rows: readonly Row[]): Cell[][] {
  const head: Cell[] = ['CLIENT', 'ACTIONS', 'NOT AFTER', 'OLD SEED UNTIL', 'FILE'].map((title) => [
    'strong',
    title,
  ]);
  const cells = rows.map(({ name, actions, not_after: end, previous_until: previous, file }) => [
    name,
    actions.join(',') || '-',
    end ?? '-',
    previous ?? '-',
    file,
  ]);
  return [head, ...cells];
}
