/**
 * Makes few files of the hundreds that bouncer's programs consist of, for `npm pack`: the daemon listens a
 * third sooner.
 *
 *   node bundle.mjs [--remove]
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../../tools/bundle.mjs';

const SOURCES = join(import.meta.dirname, 'dist');
const FOLDER = join(import.meta.dirname, 'bundle');

/** What the daemon starts again and again, each in one file of the older module kind: Node.js loads that sooner. */
const CHILDREN = ['capture/main.js', 'capture/file-main.js', 'system/replay-check-main.js'];

/** The commands and the daemon. */
const MAIN = 'cli/main.js';

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

const common = {
  outbase: SOURCES,
  outdir: FOLDER,
  external: APART,
  // Names stay, for whoever has to read a stack trace.
  minifySyntax: true,
  minifyWhitespace: true,
};

await bundle(FOLDER, [
  {
    ...common,
    entryPoints: [join(SOURCES, MAIN)],
    outExtension: { '.js': '.mjs' },
    splitting: true,
    // Where the modules are that find a program, or package.json, from their own place.
    chunkNames: 'system/[name]-[hash]',
    format: 'esm',
    // Modules of the older kind take what they need by `require`, which the newer kind has not.
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
    plugins: [spared],
  },
  {
    ...common,
    entryPoints: CHILDREN.map((program) => join(SOURCES, program)),
    format: 'cjs',
    // It would load what loads the newer kind.
    supported: { 'dynamic-import': false },
  },
]);
// The package's own says that its files are of the newer kind.
if (existsSync(FOLDER)) writeFileSync(join(FOLDER, 'package.json'), '{ "type": "commonjs" }\n');
