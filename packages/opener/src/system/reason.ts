import { getSystemErrorMap } from 'node:util';

/** An error of a system call, which names its number. */
interface SystemError extends Error {
  readonly code: string;
  readonly errno: number;
}

/** Whether this is the operating system's refusal, and not a bug. */
export function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'errno' in error && 'code' in error && typeof error.code === 'string';
}

/** The system's reason in words, such as "network is unreachable". */
export function reasonOf(error: SystemError): string {
  return getSystemErrorMap().get(error.errno)?.[1] ?? error.code;
}
