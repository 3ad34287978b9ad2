/**
 * Makes one file of what sends a packet, and one of all other commands, which start in half the time. For
 * `npm pack` only, which removes them afterwards: beside them, what tsc has made would be forgotten.
 *
 *   node bundle.mjs [--remove]
 */
import { rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const FOLDER = join(import.meta.dirname, 'bundle');

/** Modules of Node.js that take milliseconds to load, and not every command calls. */
const SLOW = /^node:(crypto|dgram)$/;

/** Loads a slow module when one of its functions is called for the first time. */
const lazily = {
  name: 'lazily',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: SLOW }, ({ path, namespace }) =>
      namespace === 'lazily' ? { path, external: true } : { path, namespace: 'lazily', sideEffects: false },
    );
    onLoad({ filter: SLOW, namespace: 'lazily' }, async ({ path }) => {
      const names = Object.entries(await import(path)).flatMap(([name, value]) =>
        typeof value === 'function' && name !== 'default' ? [name] : [],
      );
      const call = (name) =>
        `export function ${name}(...args) { return require('${path}').${name}(...args); }\n`;
      return { contents: names.map(call).join('') };
    });
  },
};

/** Modules that sending a packet seldom takes, by the names of their files: to be compiled only then. */
const APART = {
  'other-commands': join(import.meta.dirname, 'dist/cli/other-commands.js'),
  ipaddr: 'ipaddr.js',
};

/** Leaves those to be loaded from the files that they are in. */
const apart = {
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /(^|\/)(other-commands|ipaddr)\.js$/ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { path: `./${basename(path, '.js')}.cjs`, external: true },
    );
  },
};

rmSync(FOLDER, { recursive: true, force: true });
if (!process.argv.includes('--remove')) {
  await build({
    entryPoints: {
      opener: join(import.meta.dirname, 'dist/cli/main.js'),
      ...APART,
    },
    // As deep as what they are made of, so that they find the package's other files.
    outdir: join(FOLDER, 'dist'),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    // Node.js loads modules of the older kind sooner, and has no need of its loader of the newer.
    format: 'cjs',
    supported: { 'dynamic-import': false },
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
    external: ['raw-socket'],
    plugins: [lazily, apart],
    minify: true,
    legalComments: 'eof',
    logLevel: 'warning',
  });
}
