/**
 * Makes one file of what sends a packet, and one of all other commands, for `npm pack`: they start in half
 * the time.
 *
 *   node bundle.mjs [--remove]
 */
import { join } from 'node:path';
import { bundle } from '../../tools/bundle.mjs';

const SOURCES = join(import.meta.dirname, 'dist');
const FOLDER = join(import.meta.dirname, 'bundle');

/** Modules of Node.js that take time to load, and that not every way through a file calls. */
const SLOW = /^node:(crypto|dgram|net|os)$/;

/** Loads a slow module when one of its functions is called for the first time. */
const slowOnesLate = {
  name: 'slow ones late',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: SLOW }, ({ path, namespace }) =>
      namespace === 'slow' ? { path, external: true } : { path, namespace: 'slow', sideEffects: false },
    );
    onLoad({ filter: SLOW, namespace: 'slow' }, async ({ path }) => {
      const names = Object.entries(await import(path)).flatMap(([name, value]) =>
        typeof value === 'function' && name !== 'default' ? [name] : [],
      );
      const call = (name) =>
        `export function ${name}(...args) { return require('${path}').${name}(...args); }\n`;
      return { contents: names.map(call).join('') };
    });
  },
};

/** Leaves modules that sending seldom takes in files of their own, to be compiled only when they are loaded. */
const seldomOnesApart = {
  name: 'seldom ones apart',
  setup({ onResolve }) {
    for (const name of ['other-commands', 'ipaddr']) {
      onResolve({ filter: new RegExp(`(^|/)${name}\\.js$`) }, ({ kind }) =>
        kind === 'entry-point' ? undefined : { path: `./${name}.cjs`, external: true },
      );
    }
  },
};

/** A file of each entry. */
const files = (entryPoints) => ({
  entryPoints,
  // As deep as what they are made of, so that they find the package's other files.
  outdir: join(FOLDER, 'dist'),
  outExtension: { '.js': '.cjs' },
  // Node.js loads modules of the older kind sooner, and then never loads what loads the newer.
  format: 'cjs',
  supported: { 'dynamic-import': false },
  define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  external: ['raw-socket'],
  plugins: [slowOnesLate, seldomOnesApart],
  minify: true,
});

await bundle(FOLDER, [
  files({ opener: join(SOURCES, 'cli/main.js') }),
  files({ 'other-commands': join(SOURCES, 'cli/other-commands.js'), ipaddr: 'ipaddr.js' }),
]);
