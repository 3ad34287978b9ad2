import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Recognisable secrets, so that their absence can be checked. */
export const SEED = '5eed'.repeat(16);
export const OTHER_SEED = '07e4'.repeat(16);
export const GATE_KEY = '9a7e'.repeat(16);
export const SERVER_ID = 'gw1.example.net';

/** A profile for `host`, with both secrets in files. */
export function profileText(host: string, port: number): string {
  return `host = "${host}"
port = ${String(port)}
server_id = "${SERVER_ID}"
gate_key_file = "gate.key"
seed_file = "alice.seed"
default_action = "ssh"
[actions]
ssh = 21
vpn = 23
`;
}

/** A temporary $XDG_CONFIG_HOME with a gate key and a seed in its folder of profiles. */
export class ClientFolder {
  readonly root = mkdtempSync(join(tmpdir(), 'opener-test-'));
  readonly profiles = join(this.root, 'opener');
  readonly env = { XDG_CONFIG_HOME: this.root, HOME: this.root };

  constructor() {
    mkdirSync(this.profiles);
    this.write('gate.key', `${GATE_KEY}\n`);
    this.write('alice.seed', `${SEED}\n`);
  }

  path(name: string): string {
    return join(this.profiles, name);
  }

  /** Writes a file into the folder of profiles. @returns its path */
  write(name: string, content: string | Uint8Array, mode = 0o600): string {
    const path = this.path(name);
    writeFileSync(path, content);
    // A mode given at creation would go through the umask.
    chmodSync(path, mode);
    return path;
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }
}
