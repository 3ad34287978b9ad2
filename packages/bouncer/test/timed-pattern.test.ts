import { timedPattern } from '@bouncer-spa/bouncer/dist/system/timed-pattern.js';
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that has a pattern look over a text, for some milliseconds each time, until its input ends. */
const LOOKS = `
  import { timedPattern } from '${import.meta.resolve('@bouncer-spa/bouncer/dist/system/timed-pattern.js')}';
  const pattern = timedPattern(/^(?:(?:a+)+b|a*)$/u);
  let text = 'a';
  for (let took = 0; took < 3; text += 'a') {
    const began = performance.now();
    pattern.test(text);
    took = performance.now() - began;
  }
  console.log('ready');
  let misses = 0;
  let isOver = false;
  process.stdin.on('end', () => (isOver = true)).resume();
  (function look() {
    if (!pattern.test(text)) misses++;
    if (isOver) console.log(misses === 0 ? 'always matched' : misses + ' times no match');
    else setImmediate(look);
  })();
`;

describe('A timed pattern', () => {
  it('matches what its regular expression matches', () => {
    const pattern = timedPattern(/^(?:postfix|dovecot)$/u);
    expect(pattern.test('postfix')).to.equal(true);
    expect(pattern.test('postfix;')).to.equal(false);
  });

  it('does not match a text over which the expression would take for ever', () => {
    const pattern = timedPattern(/^(?:([a-z0-9]+[.-]?)+)$/u);
    expect(pattern.test('mail.example.net')).to.equal(true);
    expect(pattern.test(`${'a'.repeat(60)}!`)).to.equal(false);
  });

  it('matches on a machine that is so busy that we hardly ever have our turn', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', LOOKS], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await once(child.stdout, 'data');
    for (let stop = 0; stop < 20; stop++) {
      child.kill('SIGSTOP');
      await sleep(80);
      child.kill('SIGCONT');
      await sleep(20);
    }
    child.stdin.end();
    await once(child, 'close');
    expect(said.trim().split('\n')).to.deep.equal(['ready', 'always matched']);
  });

  it('goes on matching after one that it gave up', () => {
    timedPattern(/^(?:([a-z0-9]+[.-]?)+)$/u).test(`${'a'.repeat(60)}!`);
    expect(timedPattern(/^a$/u).test('a')).to.equal(true);
  });
});
