/**
 * Makes few files of the hundreds that bouncer's programs consist of, for `npm pack`: the daemon listens a
 * third sooner.
 *
 *   node bundle.mjs [--remove]
 */
import { join } from 'node:path';
import { bundle } from '../../tools/bundle.mjs';

const SOURCES = join(import.meta.dirname, 'dist');
const FOLDER = join(import.meta.dirname, 'bundle');

/** What a process is started with, or a command. */
const PROGRAMS = ['cli/main.js', 'capture/main.js', 'capture/file-main.js', 'system/replay-check-main.js'];

/** Is native, or looked into while it runs. */
const APART = ['cap', 'raw-socket', 'classic-level', '@redis/client'];

/** What bunyan takes if it is there, for DTrace and for files that it rotates itself; it is a third of all. */
const SPARED = /^(dtrace-provider|mv|safe-json-stringify)$/;

const spared = {
  name: 'spared',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: SPARED }, ({ path }) => ({ path, namespace: 'spared' }));
    onLoad({ filter: /./, namespace: 'spared' }, ({ path }) => ({
      contents: `throw new Error('${path} is not in this bundle')`,
    }));
  },
};

await bundle(FOLDER, [
  {
    entryPoints: PROGRAMS.map((program) => join(SOURCES, program)),
    outbase: SOURCES,
    outdir: FOLDER,
    splitting: true,
    // Where the modules are that find a program, or package.json, from their own place.
    chunkNames: 'system/[name]-[hash]',
    format: 'esm',
    // Modules of the older kind take what they need by `require`, which the newer kind has not.
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
    external: APART,
    plugins: [spared],
    // Names stay, for whoever has to read a stack trace.
    minifySyntax: true,
    minifyWhitespace: true,
  },
]);
