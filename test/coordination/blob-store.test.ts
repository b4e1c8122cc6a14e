/**
 * Packed topologies on disk: taken whole and checked, or not at all.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { unpackTopology } from '../../src/coordination/archive.js';
import { BlobStore } from '../../src/coordination/blob-store.js';
import { tarOf } from './hostile-archives.js';

const CONTENT = 'a packed topology';
const SHA256 = createHash('sha256').update(CONTENT).digest('hex');

t.test('a blob is taken under its sum, found, read, and removed when nobody wants it', async (t) => {
  const directory = join(t.testdir({}), 'new/blobs');
  const blobs = new BlobStore(directory);
  t.notOk(blobs.has(SHA256));
  t.throws(() => blobs.open(SHA256), { code: 'PB_BLOB_MISSING' });
  await blobs.receive(Readable.from([Buffer.from(CONTENT)]), SHA256, CONTENT.length);
  await blobs.receive(Readable.from([Buffer.from(CONTENT)]), SHA256, CONTENT.length);
  t.ok(blobs.has(SHA256));
  t.equal(await text(blobs.open(SHA256)), CONTENT);
  t.equal(statSync(directory).mode & 0o777, 0o700);
  t.equal(statSync(blobs.path(SHA256)).mode & 0o777, 0o600);
  await blobs.retain(new Set([SHA256]));
  t.same(readdirSync(directory), [`${SHA256}.tgz`]);
  await blobs.retain(new Set());
  t.same(readdirSync(directory), []);
});

t.test('what is not the announced blob, too large or cut short leaves nothing', async (t) => {
  const directory = t.testdir({});
  const blobs = new BlobStore(directory);
  const cut = async function* (): AsyncGenerator<Buffer> {
    yield Buffer.from(CONTENT);
    throw new Error('the client has gone');
  };
  await t.rejects(blobs.receive(Readable.from([Buffer.from('other')]), SHA256, 100), { code: 'PB_BLOB_CORRUPT' });
  await t.rejects(blobs.receive(Readable.from([Buffer.from(CONTENT)]), SHA256, CONTENT.length - 1), { code: 'PB_ARCHIVE_TOO_LARGE' });
  await t.rejects(blobs.receive(Readable.from(cut()), SHA256, 100), { message: 'the client has gone' });
  for (const wrong of ['', '../evil', SHA256.toUpperCase(), `${SHA256}/`]) {
    await t.rejects(blobs.receive(Readable.from([]), wrong, 100), { code: 'PB_REQUEST_INVALID' }, wrong);
  }
  t.same(readdirSync(directory), []);
});

t.test('what an earlier life was in the middle of is removed at the start', async (t) => {
  const directory = t.testdir({ 'tmp-1': 'half', [`${SHA256}.tgz`]: CONTENT });
  t.ok(new BlobStore(directory).has(SHA256));
  t.same(readdirSync(directory), [`${SHA256}.tgz`]);
});

/** Runs on a file system of one MiB, where one can be mounted. */
const skip = platform() !== 'linux' || process.getuid?.() !== 0 || !canMount() ? 'needs root on Linux, to mount a small tmpfs' : false;

t.test('a full disk is said so, and leaves nothing', { skip }, async (t) => {
  const directory = t.testdir({ disk: {} });
  const disk = join(directory, 'disk');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]);
  try {
    mkdirSync(join(disk, 'blobs'));
    const large = randomBytes(700 * 1024);
    const sha256 = createHash('sha256').update(large).digest('hex');
    const packed = join(directory, 'a.tgz');
    writeFileSync(packed, gzipSync(tarOf([{ path: 'topology.json' }, { path: 'resources/large', content: large.toString('latin1') }])));
    writeFileSync(join(disk, 'filler'), Buffer.alloc(600 * 1024));
    const blobs = new BlobStore(join(disk, 'blobs'));
    await t.rejects(blobs.receive(Readable.from([large]), sha256, large.length), { code: 'PB_DISK_FULL', message: /^the disk is full/ });
    t.same(readdirSync(join(disk, 'blobs')), []);
    await t.rejects(unpackTopology(packed, join(disk, 'code')), { code: 'PB_DISK_FULL' });
    t.same(readdirSync(disk), ['blobs', 'filler']);
  } finally {
    // Before the directory is removed.
    execFileSync('umount', [disk]);
  }
});

function canMount(): boolean {
  const directory = t.testdir({ probe: {} });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', join(directory, 'probe')], { stdio: 'ignore' });
  } catch {
    return false;
  }
  execFileSync('umount', [join(directory, 'probe')]);
  return true;
}
