import { expect } from 'chai';
import { ProtocolError } from '@bouncer-spa/protocol';

/** Runs what has to be refused and gives the sentence of the refusal. */
export function sentenceOf(refused: () => unknown): string {
  try {
    refused();
  } catch (error) {
    expect(error).to.be.instanceOf(ProtocolError);
    return (error as ProtocolError).message;
  }
  throw new Error('nothing was refused');
}
