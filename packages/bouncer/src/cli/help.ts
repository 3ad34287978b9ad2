export const HELP = `Usage: bouncer COMMAND [OPTIONS]

Waits, without an open port, for one encrypted datagram, and runs the action
that it names.

Commands:
  run      listen until SIGTERM; SIGHUP reads the config again
  check    read the config and say everything that is wrong with it

Options:
  -c, --config FILE   config file (default: /etc/bouncer/bouncer.toml)
  -v, --verbose       log more, whatever the config says
  -h, --help          show this help
  -V, --version       show the version

Exit status: 0 all went well, 1 it did not, 2 the command line is wrong.
The log is one JSON record a line on standard output.

Examples:
  bouncer check -c ./bouncer.toml
  bouncer run | npx bunyan
`;
