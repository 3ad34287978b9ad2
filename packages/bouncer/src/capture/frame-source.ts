import { reasonOf } from './or-exit.js';

/** An open capture. */
export interface FrameSource {
  /** How its frames begin, in the words of `cap`. */
  readonly linkType: string;
  /** @param take is given each frame, which is valid only during the call */
  listen(take: (frame: Uint8Array) => void): void;
  /** Whether it still hears anything. */
  readonly isRunning: boolean;
}

/** Largest frame that is taken, in bytes. */
export const FRAME_SIZE = 65_535;

/** Says which package a backend needs, if that is not there. */
export async function importBackend<Module>(name: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load();
  } catch (cause) {
    throw new Error(`the npm package ${name} cannot be loaded: ${reasonOf(cause)}`, { cause });
  }
}
