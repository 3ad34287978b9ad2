import { actionCode } from '@bouncer-spa/protocol';
import { findAction, type KnownAction } from '@bouncer-spa/opener/dist/core/action.js';
import { expect } from 'chai';
import { refused } from './support/refused.js';

describe('an action', () => {
  const ssh = { code: actionCode(21), opens: [], duration: 60 };
  const names = new Map<string, KnownAction>([
    ['ssh', ssh],
    ['restart mail', { code: actionCode(22), opens: [], duration: undefined }],
  ]);

  it('is found by its name', () => {
    expect(findAction('ssh', names)).to.deep.equal({ ...ssh, name: 'ssh' });
  });

  it('is found by its code, and then has all that the profile says of it', () => {
    expect(findAction('21', names)).to.deep.equal({ ...ssh, name: 'ssh' });
  });

  it('need not have a name', () => {
    const unknown = { name: undefined, opens: [], duration: undefined };
    expect(findAction('65535', names)).to.deep.equal({ code: 65_535, ...unknown });
    expect(findAction('0', new Map())).to.deep.equal({ code: 0, ...unknown });
  });

  it('of an unknown name is refused, and the known names are listed', async () => {
    const { kind, problems } = await refused(() => findAction('shh', names));
    expect(kind).to.equal('usage');
    expect(problems).to.deep.equal([
      { sentence: 'unknown action "shh"', hint: 'the profile\'s actions are ssh, "restart mail"' },
    ]);
  });

  it('of an unknown name is refused with the hint to give a code, if the profile names none', async () => {
    const { problems } = await refused(() => findAction('ssh', new Map()));
    expect(problems[0]?.hint).to.equal('the profile names no actions; give the code as a number');
  });

  for (const text of ['65536', '99999999999999999999999']) {
    it(`has no code above 65535, such as ${text}`, async () => {
      const { kind, message } = await refused(() => findAction(text, names));
      expect(kind).to.equal('usage');
      expect(message).to.match(/^action code expected an integer from 0 to 65535, got /);
    });
  }

  for (const text of ['-1', '+21', '2e1', '0x15', '']) {
    it(`has no code written as ${JSON.stringify(text)}, which is an unknown name`, async () => {
      const { message } = await refused(() => findAction(text, names));
      expect(message).to.equal(`unknown action ${JSON.stringify(text)}`);
    });
  }
});
