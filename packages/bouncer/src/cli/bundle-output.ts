import type { Bundle } from '@bouncer-spa/protocol/bundle';
import { drawQr } from '../core/qr-text.js';
import { createFile, removeFile } from '../system/durable-file.js';
import { reasonOf } from '../system/reason.js';
import { Failure, withFile } from './failure.js';
import { choosePassphrase } from './passphrase.js';
import { UsageError } from './usage-error.js';

/** Of the commands that make a bundle. */
export const BUNDLE_OPTIONS = {
  out: { type: 'string', value: 'FILE', text: 'write the bundle into a new file, of mode 0600' },
  qr: { type: 'boolean', default: false, text: 'draw it as a QR code' },
  passphrase: {
    type: 'boolean',
    default: false,
    text: 'ask for a passphrase, which the bundle then needs',
  },
  'passphrase-file': { type: 'string', value: 'FILE', text: 'the same, from a file of mode 0600' },
} as const;

export interface BundleOptions {
  readonly out?: string | undefined;
  readonly qr: boolean;
  readonly passphrase: boolean;
  readonly 'passphrase-file'?: string | undefined;
}

/** Where a bundle goes, as the command line says. */
export class BundleOutput {
  readonly #file: string | undefined;
  readonly #qr: boolean;
  readonly #passphrase: string | undefined;

  private constructor(file: string | undefined, qr: boolean, passphrase: string | undefined) {
    this.#file = file;
    this.#qr = qr;
    this.#passphrase = passphrase;
  }

  /** Asks for the passphrase, if there is to be one. @throws {Failure} if it is not given */
  static async prepare(options: BundleOptions): Promise<BundleOutput> {
    if (options.qr && options.out !== undefined) throw new UsageError('--qr and --out exclude each other');
    return new BundleOutput(options.out, options.qr, await choosePassphrase(options));
  }

  /**
   * Hands a bundle over, once what makes it valid is done. A file is written before that, so that a
   * name that is taken or a full disk leaves everything as it was.
   * @throws {Failure} if either cannot be done
   */
  async handOver(bundle: Bundle, makeValid: () => Promise<void>): Promise<void> {
    const { bundleProfile, sealBundle, writeBundle } = await import('@bouncer-spa/protocol/bundle');
    const uri = () =>
      this.#passphrase === undefined ? writeBundle(bundle) : sealBundle(bundle, this.#passphrase);
    const file = this.#file;
    if (file === undefined) {
      const text = this.#qr ? await qrOf(uri()) : `${uri()}\n`;
      await makeValid();
      console.error('bouncer: this is the bundle, for "opener import"; it is not shown again');
      await print(text);
      return;
    }
    const text = this.#passphrase === undefined ? bundleProfile(bundle) : `${uri()}\n`;
    await withFile(file, () => createFile(file, text));
    try {
      await makeValid();
    } catch (error) {
      await removeFile(file);
      throw error;
    }
    console.error(`bouncer: the bundle is in ${file}, for "opener import"`);
  }
}

async function qrOf(uri: string): Promise<string> {
  const { encode } = await import('uqr');
  const { data, size } = encode(uri, { ecc: 'L', border: 0 });
  return drawQr((row, column) => data[row]?.[column] ?? false, size, process.stdout.isTTY);
}

async function print(text: string): Promise<void> {
  const error = await new Promise<unknown>((resolve) => {
    process.stdout.once('error', resolve);
    process.stdout.write(text, resolve);
  });
  if (error instanceof Error) {
    throw new Failure(
      `the bundle could not be written: ${reasonOf(error)}: make another with bouncer client rotate`,
    );
  }
}
