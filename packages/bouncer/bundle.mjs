/**
 * Makes a file of each program that bouncer consists of, for `npm pack`: the daemon listens in little more than
 * half the time, and its processes take less memory.
 *
 *   node bundle.mjs [--remove]
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../../tools/bundle.mjs';

const SOURCES = join(import.meta.dirname, 'dist');
const FOLDER = join(import.meta.dirname, 'bundle');

/**
 * What a process is started with, and what the daemon seldom needs, by what they are made of. Where the files
 * are that find each other, or package.json, from their own place.
 */
const FILES = {
  'system/bouncer': 'cli/main.js',
  'system/metrics': 'system/metrics.js',
  'system/replay-check-main': 'system/replay-check-main.js',
  'system/keys-ahead-main': 'system/keys-ahead-main.js',
  'capture/main': 'capture/main.js',
  'capture/file-main': 'capture/file-main.js',
};

/** Is native, or looked into while it runs. */
const APART = ['cap', 'raw-socket', '@redis/client'];

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

/** The metrics' library is a quarter of all that the daemon would load. */
const metricsApart = {
  name: 'metrics apart',
  setup({ onResolve }) {
    onResolve({ filter: /\/metrics\.js$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './metrics.js', external: true } : undefined,
    );
  },
};

/** Only the native part of the database stays in its package: the rest is some thirty files. */
const databaseWithin = {
  name: 'database within',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/binding$/ }, () => ({ path: 'classic-level/binding.js', external: true }));
  },
};

await bundle(FOLDER, [
  {
    entryPoints: Object.entries(FILES).map(([out, file]) => ({ out, in: join(SOURCES, file) })),
    outdir: FOLDER,
    // Node.js loads modules of the older kind sooner, and then never loads what loads the newer.
    format: 'cjs',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__url' },
    banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href;" },
    external: APART,
    plugins: [spared, metricsApart, databaseWithin],
    // Names stay, for whoever has to read a stack trace.
    minifySyntax: true,
    minifyWhitespace: true,
  },
]);
// The package's own says that its files are of the newer kind.
if (existsSync(FOLDER)) writeFileSync(join(FOLDER, 'package.json'), '{ "type": "commonjs" }\n');
