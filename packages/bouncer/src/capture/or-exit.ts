/** Does something, or ends the process. A packet handler that throws would leave the capture open but deaf. */
export function orExit(work: () => void): void {
  try {
    work();
  } catch (error) {
    console.error(reasonOf(error));
    process.exit(1);
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
