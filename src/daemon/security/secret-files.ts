/**
 * Reads keys, tokens and certificates from files, and says what is wrong with them before a daemon listens. Invariant: a secret that every
 * user of the machine may read is refused, and what a file holds is never quoted.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { PolyboltError } from '../../model/errors.js';

/** Fewer characters can be guessed; `polybolt keys init` writes 43. */
const TOKEN_CHARS_MIN = 20;
/** A header line holds it with ease. */
const TOKEN_CHARS_MAX = 1024;
const OTHERS = 0o007;

/** The token in a file, without the line break at its end. Throws PB_SECRET_INVALID, PB_SECRET_EXPOSED. @param what for messages */
export function readSecret(file: string, what: string): string {
  checkPrivate(file, what);
  const token = readText(file, what).trim();
  if (/^[\x21-\x7e]+$/.test(token) && token.length >= TOKEN_CHARS_MIN && token.length <= TOKEN_CHARS_MAX) return token;
  throw invalid(
    file,
    `The ${what} in ${file} is no token: it must be one line of ${TOKEN_CHARS_MIN} to ${TOKEN_CHARS_MAX} printable characters without spaces.`,
    'Make one with `polybolt keys init`.',
  );
}

/** Refuses a secret that others than owner and group may touch: throws PB_SECRET_EXPOSED, PB_SECRET_INVALID. @param what for messages */
export function checkPrivate(file: string, what: string): void {
  const { mode } = reading(file, what, () => statSync(file));
  // Windows keeps no such bits.
  if (process.platform === 'win32' || (mode & OTHERS) === 0) return;
  throw new PolyboltError('PB_SECRET_EXPOSED', {
    message: `Every user of this machine may read or change the ${what} in ${file} (mode ${(mode & 0o777).toString(8).padStart(4, '0')}).`,
    hint: `chmod 600 ${file} and, if others have had it, make a new one.`,
    context: { file },
  });
}

/** The PEM texts of three files that fit together today. Throws PB_SECRET_INVALID, PB_SECRET_EXPOSED. */
export function checkTls(files: { readonly ca: string; readonly cert: string; readonly key: string }): {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
} {
  checkPrivate(files.key, 'private key');
  const [ca, cert, key] = [readText(files.ca, 'CA certificate'), readText(files.cert, 'certificate'), readText(files.key, 'private key')];
  const authority = parsing(files.ca, 'CA certificate', () => new X509Certificate(ca));
  const certificate = parsing(files.cert, 'certificate', () => new X509Certificate(cert));
  const privateKey = parsing(files.key, 'private key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey))
    throw invalid(files.key, `The private key ${files.key} is not the key of the certificate ${files.cert}.`, 'Take the two of one pair.');
  // A chain of several authorities is for TLS itself to judge.
  const isAlone = !/-----BEGIN[\s\S]*-----BEGIN/.test(ca) && !/-----BEGIN[\s\S]*-----BEGIN/.test(cert);
  if (isAlone && !certificate.verify(authority.publicKey))
    throw invalid(files.cert, `The certificate ${files.cert} was not signed by ${files.ca}.`, 'All daemons need certificates of one CA.');
  for (const [file, { validFrom, validTo }] of [
    [files.ca, authority],
    [files.cert, certificate],
  ] as const) {
    if (Date.parse(validFrom) <= Date.now() && Date.now() < Date.parse(validTo)) continue;
    throw invalid(
      file,
      `The certificate ${file} is valid from ${validFrom} to ${validTo}, which is not now.`,
      'Make a new one with `polybolt keys init`, or set the clock.',
    );
  }
  return { ca, cert, key };
}

function readText(file: string, what: string): string {
  return reading(file, what, () => readFileSync(file, 'utf8'));
}

function reading<T>(file: string, what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read by this user' : `cannot be read: ${code}`;
    throw invalid(file, `The ${what} ${file} ${why}.`, 'Check the path in the configuration; `polybolt keys init` makes the files.');
  }
}

/** What the parser says is left out: it may quote what it has read. */
function parsing<T>(file: string, what: string, parse: () => T): T {
  try {
    return parse();
  } catch {
    throw invalid(file, `The ${what} ${file} cannot be read as PEM.`, 'Are the paths swapped? A key with a passphrase cannot be used.');
  }
}

function invalid(file: string, message: string, hint: string): PolyboltError {
  return new PolyboltError('PB_SECRET_INVALID', { message, hint, context: { file } });
}
