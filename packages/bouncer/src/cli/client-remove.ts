import { removeFile } from '../system/durable-file.js';
import { changeClients, CHANGE_OPTIONS, expectName, findOwnClient } from './client-change.js';
import { defineCommand } from './command.js';
import { reporting, withFile } from './failure.js';

export const command = defineCommand({
  usage: 'bouncer client remove NAME [OPTIONS]',
  about: 'Removes a client and its seeds for good. What is open for it is closed.',
  options: CHANGE_OPTIONS,
  examples: ['bouncer client remove alice'],
  async run(values, words) {
    const name = expectName(words);
    return reporting(() =>
      changeClients(values, async (folder, enrolment) => {
        const { file } = findOwnClient(name, folder, enrolment);
        await withFile(file, () => removeFile(file));
      }),
    );
  },
});
