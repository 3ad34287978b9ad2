import { Refusal } from '@bouncer-spa/opener/dist/core/refusal.js';

/** The refusal that the work ends in. @throws if it ends otherwise */
export async function refused(work: () => unknown): Promise<Refusal> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('expected a refusal, got none');
}
