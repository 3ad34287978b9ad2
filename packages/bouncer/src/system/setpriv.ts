/** Why a program that is started by setpriv(1) could not be started. */
export function spawnReason(error: Error): string {
  return 'code' in error && error.code === 'ENOENT'
    ? 'setpriv is missing: install util-linux'
    : `it could not be started: ${error.message}`;
}
