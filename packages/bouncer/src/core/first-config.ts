/** What `bouncer init` has found out. */
export interface FirstConfig {
  readonly serverId: string;
  /** Where clients send, if that is not the server id. */
  readonly host: string | undefined;
  /** UDP. */
  readonly port: number;
  readonly stateFolder: string;
  /** Where the daemon is asked, if that is not the usual place. */
  readonly controlSocket: string | undefined;
  /** Whom the capture process becomes, if there is a user for that. */
  readonly user: string | undefined;
  /** TCP ports of sshd. */
  readonly sshPorts: readonly number[];
}

/** The config that a server begins with: ssh, closed to all but those who knock. */
export function firstConfig({
  serverId,
  host,
  port,
  stateFolder,
  controlSocket,
  user,
  sshPorts,
}: FirstConfig): string {
  const doors = sshPorts.map((ssh) => `"tcp/${ssh}"`).join(', ');
  return `# Made by bouncer init. man 5 bouncer.toml has every key; after a change: bouncer reload

[server]
id = "${serverId}"
${
  host === undefined
    ? ''
    : `host = "${host}"
`
}gate_key_file = "gate.key"
state_dir = "${stateFolder}"
${
  controlSocket === undefined
    ? ''
    : `control_socket = "${controlSocket}"
`
}clients_dir = "clients.d"            # a file for each client: bouncer client add NAME

[capture]
port = ${String(port).padEnd(30)}# UDP, drawn at random; nothing listens there
${
  user === undefined
    ? ''
    : `user = "${user}"
`
}
[guard]
ports = [${doors}]                   # closed to everybody without a grant

[actions.ssh]
code = 21
allow = [${doors}]
for = "30s"                          # to connect; what is connected stays so
max = "10m"
`;
}
