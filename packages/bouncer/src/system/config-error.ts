import type { Problem } from '../core/config-problem.js';

/** A config that cannot be used, with everything that is wrong with it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  /** A line for each problem: `file: key: reason`. */
  readonly lines: readonly string[];

  constructor(file: string, problems: readonly Problem[]) {
    const lines = problems.map((problem) =>
      [problem.file ?? file, problem.key, problem.reason].filter((part) => part !== '').join(': '),
    );
    super(lines.join('\n'));
    this.lines = lines;
  }
}
