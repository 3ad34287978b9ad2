import { createRequire } from 'node:module';

/** The version in package.json, so that there is one place to change it. */
export function version(): string {
  const manifest: unknown = createRequire(import.meta.filename)('../../package.json');
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest))
    return 'of unknown version';
  return String(manifest.version);
}
