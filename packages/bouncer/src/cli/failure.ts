import { getSystemErrorMap } from 'node:util';
import { ConfigError } from '../system/config-error.js';
import { LockError } from '../system/folder-lock.js';
import { ExitCode } from './exit-code.js';

/** Why a command did not do what it was asked: one sentence in lower case, with what to do about it. */
export class Failure extends Error {
  override readonly name = 'Failure';
}

/** Does a command's work; says what hinders it. */
export async function reporting(work: () => Promise<void>): Promise<ExitCode> {
  try {
    await work();
    return ExitCode.success;
  } catch (error) {
    if (error instanceof ConfigError) console.error(error.message);
    else if (error instanceof Failure || error instanceof LockError)
      console.error(`bouncer: ${error.message}`);
    else throw error;
    return ExitCode.failure;
  }
}

/** Does something with a file. @throws {Failure} with the file's name and what the system said */
export async function withFile<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('errno' in error) || typeof error.errno !== 'number') throw error;
    throw new Failure(`${file}: ${getSystemErrorMap().get(error.errno)?.[1] ?? error.message}`);
  }
}
