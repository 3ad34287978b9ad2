import { readFile } from 'node:fs/promises';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Looks a user up in /etc/passwd (passwd(5)); `undefined` if it is not there. */
export async function findUser(name: string): Promise<User | undefined> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  const [, , uid, gid] = lines.map((line) => line.split(':')).find(([login]) => login === name) ?? [];
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) };
}
