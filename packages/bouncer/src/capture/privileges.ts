/** The process is still privileged after it gave its privileges up. */
export class PrivilegeError extends Error {
  override readonly name = 'PrivilegeError';
}

/**
 * Gives up every privilege for good: groups first, since that needs root, the user last. The kernel
 * clears all capability sets of a process that leaves user 0 behind (capabilities(7)). The bounding
 * set and no_new_privs were set before by setpriv.
 * @throws {PrivilegeError} if anything is left
 */
export function dropPrivileges(uid: number, gid: number): void {
  const { setgroups, setgid, setuid, getuid, geteuid, getgid, getegid, getgroups } = process;
  if (!setgroups || !setgid || !setuid || !getuid || !geteuid || !getgid || !getegid || !getgroups) {
    throw new PrivilegeError('this system has no users to change to');
  }
  setgroups([]);
  setgid(gid);
  setuid(uid);
  const ids =
    [getuid(), geteuid()].every((id) => id === uid) && [getgid(), getegid()].every((id) => id === gid);
  if (!ids || getgroups().some((group) => group !== gid)) {
    throw new PrivilegeError(`still user ${getuid()} with groups ${getgroups().join(', ')}`);
  }
}
