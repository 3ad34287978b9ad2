import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import type { Stage } from './stage.js';
import { waitFor } from './wait.js';

/** Starts the real sshd on the server, for the key `alice.key`, and waits until it listens. */
export async function startSshd(stage: Stage): Promise<void> {
  const { network, installation } = stage;
  // Where sshd separates its privileges; it does not make it by itself.
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  for (const name of ['host.key', 'alice.key']) {
    const args = ['-q', '-t', 'ed25519', '-N', '', '-f', installation.path(name)];
    execFileSync('ssh-keygen', args, { stdio: 'ignore' });
  }
  copyFileSync(installation.path('alice.key.pub'), installation.path('authorized_keys'));
  writeFileSync(
    installation.path('sshd_config'),
    `HostKey ${installation.path('host.key')}
AuthorizedKeysFile ${installation.path('authorized_keys')}
PidFile none
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
Subsystem sftp internal-sftp
`,
  );
  const argv = ['/usr/sbin/sshd', '-D', '-f', installation.path('sshd_config')];
  const sshd = network.start(network.server, argv, { stdio: 'ignore' });
  stage.whenClosed(() => sshd.kill());
  await waitFor('sshd to listen', () =>
    network.run(network.server, ['ss', '-Hltn', 'sport = :22']) === '' ? undefined : true,
  );
}

/** What every Host of a client's ssh_config says. */
export function sshOptions({ installation }: Stage): string {
  return `  User root
  IdentityFile ${installation.path('alice.key')}
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  LogLevel ERROR
`;
}
