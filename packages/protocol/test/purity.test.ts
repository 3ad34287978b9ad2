import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import ts from 'typescript';

const PROTOCOL = fileURLToPath(new URL('../../src/', import.meta.url));
const CORE = fileURLToPath(new URL('../../../bouncer/src/core/', import.meta.url));

interface Source {
  readonly name: string;
  readonly text: string;
}

function sourcesIn(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ name: relative(folder, file), text: readFileSync(file, 'utf8') }));
}

/** What a source imports, statically or not, with or without types. */
function importsOf({ text }: Source): string[] {
  return ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
}

/** The tokens of a source with one space between them: no comments, and of strings the quotes only. */
function codeOf({ name, text }: Source): string {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.ESNext);
  const words: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(file);
    if (children.length > 0) children.forEach(visit);
    else
      words.push(ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node) ? `''` : node.getText(file));
  };
  visit(file);
  return words.filter((word) => word !== '').join(' ');
}

/** What reads a clock or makes something random, as {@link codeOf} shows it. */
const CLOCK_OR_RANDOM =
  /\b(Date \. now|performance|hrtime|Math \. random|new Date(?! \( [^)])|Date \( \)|setTimeout|setInterval|setImmediate|random(Bytes|Int|UUID|FillSync|Fill)|getRandomValues)\b/;

describe('the protocol package', () => {
  const sources = sourcesIn(PROTOCOL);

  it('imports nothing but node:crypto and its own files', () => {
    expect(sources.map(({ name }) => name)).to.include.members(['index.ts', 'packet.ts', 'keys.ts']);
    for (const source of sources) {
      for (const specifier of importsOf(source)) {
        expect(specifier, source.name).to.match(/^(node:crypto|\.\/[a-z-]+\.js)$/);
      }
    }
  });

  it('reads no clock, and is random in packet.ts and bundle.ts alone', () => {
    for (const source of sources) {
      const allowed = ['packet.ts', 'bundle.ts'].includes(source.name) ? /\brandom(Bytes|Int)\b/g : /(?!)/g;
      expect(codeOf(source).replaceAll(allowed, ''), source.name).not.to.match(CLOCK_OR_RANDOM);
    }
  });
});

describe('the core of the daemon', () => {
  const sources = sourcesIn(CORE);

  it('imports no module that touches the world', () => {
    expect(sources.map(({ name }) => name)).to.include.members(['verify.ts', 'policy.ts', 'replay-cache.ts']);
    for (const source of sources) {
      for (const specifier of importsOf(source)) {
        const touches = isBuiltin(specifier) && specifier !== 'node:crypto';
        expect(touches, `${source.name} imports ${specifier}`).to.equal(false);
      }
    }
  });

  it('imports no file from outside its own folder', () => {
    for (const source of sources) {
      for (const specifier of importsOf(source)) {
        if (!specifier.startsWith('.')) continue;
        const file = relative(CORE, join(CORE, source.name, '..', specifier));
        expect(file.startsWith('..'), `${source.name} imports ${specifier}`).to.equal(false);
      }
    }
  });

  it('reads no clock, draws nothing random, and knows no process', () => {
    for (const source of sources) {
      const code = codeOf(source);
      expect(code, source.name).not.to.match(CLOCK_OR_RANDOM);
      expect(code, source.name).not.to.match(/\b(process|globalThis) \./);
    }
  });
});
