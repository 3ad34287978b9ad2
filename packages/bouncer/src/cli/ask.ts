import { askDaemon, ControlError, controlSocketOf, type Reply } from '../system/control-client.js';
import { CONFIG_OPTION } from './command.js';
import { ExitCode } from './exit-code.js';

/** The options of every command that asks the running daemon. */
export const CONTROL_OPTIONS = {
  config: CONFIG_OPTION,
  socket: { type: 'string', value: 'PATH', text: "the daemon's control socket (default: as in the config)" },
  json: { type: 'boolean', default: false, text: 'print the answer as JSON' },
} as const;

export interface ControlValues {
  readonly config: string;
  readonly socket?: string | undefined;
  readonly json: boolean;
}

/** What is asked. */
export interface Question {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly target: string;
  readonly body?: string;
}

/**
 * Asks the daemon and prints what it answers: with `--json` as it is, else by `show`.
 * @param show prints an answer that is a success; says whether it is one to the caller too
 * @returns failure if nobody answers, or with an error
 */
export async function ask(
  { config, socket, json }: ControlValues,
  { method, target, body }: Question,
  show: (reply: Reply) => ExitCode,
): Promise<ExitCode> {
  let reply;
  try {
    reply = await askDaemon(socket ?? (await controlSocketOf(config)), method, target, body);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    console.error(`bouncer: ${error.message}`);
    return ExitCode.failure;
  }
  if (json) {
    process.stdout.write(`${JSON.stringify(reply.body, undefined, 2)}\n`);
    return reply.status < 400 ? ExitCode.success : ExitCode.failure;
  }
  const { error } = reply.body as { readonly error?: string };
  if (error === undefined) return show(reply);
  console.error(`bouncer: ${error}`);
  return ExitCode.failure;
}
