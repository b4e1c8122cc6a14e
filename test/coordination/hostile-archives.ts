/**
 * Archives that nobody should unpack, byte by byte. Invariant: made without the code under test, so that the two cannot be wrong in the same way.
 */
import { gzipSync } from 'node:zlib';

export interface HandMade {
  readonly path: string;
  /** As in the header: 0 file, 1 link, 2 symbolic link, 3 and 4 devices, 5 directory, 6 named pipe, x pax. */
  readonly type?: string;
  readonly content?: string;
  /** What the header announces; default: what there is. */
  readonly size?: number;
  /** The announced size as it is written, instead of an octal number. */
  readonly sizeField?: string;
  readonly link?: string;
}

const PATH_BYTES = 100;

/** A tar archive. @param isEnded whether the two empty blocks are at its end */
export function tarOf(entries: readonly HandMade[], isEnded = true): Buffer {
  const end = isEnded ? [Buffer.alloc(1024)] : [];
  return Buffer.concat([...entries.flatMap(blocksOf), ...end]);
}

function blocksOf(entry: HandMade): Buffer[] {
  if (Buffer.byteLength(entry.path) <= PATH_BYTES) return [header(entry), padded(entry.content ?? '')];
  const record = paxRecord('path', entry.path);
  return [
    header({ path: 'PaxHeader', type: 'x', content: record }),
    padded(record),
    header({ ...entry, path: 'long' }),
    padded(entry.content ?? ''),
  ];
}

function paxRecord(key: string, value: string): string {
  const bytes = Buffer.byteLength(` ${key}=${value}\n`);
  let length = bytes;
  while (length !== bytes + String(length).length) length = bytes + String(length).length;
  return `${length} ${key}=${value}\n`;
}

function header({ path, type = '0', content = '', size = Buffer.byteLength(content), sizeField, link = '' }: HandMade): Buffer {
  const block = Buffer.alloc(512);
  block.write(path, 0, PATH_BYTES);
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${sizeField ?? size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write(type, 156);
  block.write(link, 157, PATH_BYTES);
  block.write('ustar\u000000', 257);
  block.write('        ', 148);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function padded(content: string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export interface Hostile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly code: string;
  readonly says: RegExp;
}

const TEXT: HandMade = { path: 'topology.json', content: '{}' };
const TOP: HandMade = { path: 'resources/', type: '5' };

/** Name, entries behind a good beginning, what is said. */
const ENTRIES: readonly (readonly [name: string, entries: readonly HandMade[], says: RegExp])[] = [
  ['a path that climbs', [{ path: 'resources/../../evil', content: 'x' }], /"resources\/\.\.\/\.\.\/evil" .* leads out of the archive/],
  ['a path that climbs at once', [{ path: '../evil', content: 'x' }], /leads out of the archive/],
  ['a directory that climbs', [{ path: 'resources/..', type: '5' }], /leads out of the archive/],
  ['a long path that climbs', [{ path: `resources/${'d/'.repeat(50)}../x` }], /leads out of the archive/],
  ['an absolute path', [{ path: '/tmp/evil', content: 'x' }], /"\/tmp\/evil" .* has an absolute path/],
  ['a path of Windows', [{ path: 'C:/evil', content: 'x' }], /has an absolute path/],
  ['a drive of Windows without a slash', [{ path: 'c:evil', content: 'x' }], /has an absolute path/],
  ['a path of a network', [{ path: '\\\\server\\share', content: 'x' }], /has an absolute path/],
  ['a backslash', [{ path: 'resources/..\\..\\evil', content: 'x' }], /has a backslash/],
  ['an empty name', [{ path: 'resources//evil', content: 'x' }], /has an empty name/],
  ['a name that is a dot', [{ path: 'resources/./evil', content: 'x' }], /has an empty name or \./],
  ['a line break in a name', [{ path: 'resources/a\nb', content: 'x' }], /has a control character/],
  ['an escape in a name', [{ path: 'resources/\x1b[31m', content: 'x' }], /has a control character/],
  ['a symbolic link', [{ path: 'resources/link', type: '2', link: '/etc/passwd' }], /"resources\/link" .* is a symbolic link/],
  [
    'a link and a file through it',
    [{ path: 'resources/link', type: '2', link: '/tmp' }, { path: 'resources/link/x' }],
    /is a symbolic link/,
  ],
  ['a hard link', [{ path: 'resources/link', type: '1', link: 'topology.json' }], /is a hard link/],
  ['a character device', [{ path: 'resources/null', type: '3' }], /is a device/],
  ['a block device', [{ path: 'resources/disk', type: '4' }], /is a device/],
  ['a named pipe', [{ path: 'resources/pipe', type: '6' }], /is a named pipe/],
  ['a sparse file', [{ path: 'resources/sparse', type: 'S' }], /is of the type SparseFile/],
  ['a long name of GNU', [{ path: 'resources/x', type: 'L', content: '../evil' }], /is of the type NextFileHasLongPath/],
  ['a header for all that follows', [{ path: 'pax', type: 'g', content: '13 path=evil\n' }], /is of the type GlobalExtendedHeader/],
  ['an unknown type', [{ path: 'resources/x', type: 'Z' }], /is of the type Unsupported/],
  ['a path twice', [{ path: 'resources/a' }, { path: 'resources/a' }], /"resources\/a" .* comes twice/],
  ['the topology twice', [{ path: 'topology.json', content: '{"name":"other"}' }], /comes twice/],
  ['a directory twice', [{ path: 'resources', type: '5' }], /comes twice/],
  [
    'paths that differ in case',
    [{ path: 'resources/a' }, { path: 'resources/A' }],
    /"resources\/A" .* differs from "resources\/a" only in case/,
  ],
  ['directories that differ in case', [{ path: 'resources/d/a' }, { path: 'Resources/e' }], /only in case/],
  ['accents written in two ways', [{ path: 'resources/\u00e9' }, { path: 'resources/e\u0301' }], /only in case or accents/],
  ['a file that is a directory', [{ path: 'resources/a' }, { path: 'resources/a/b' }], /lies in "resources\/a", which is a file/],
  ['a directory that is a file', [{ path: 'resources/a/b' }, { path: 'resources/a' }], /comes twice/],
];

/** Name, bytes, what is said: what is no archive at all. */
function unreadable(): readonly (readonly [name: string, bytes: Buffer, says: RegExp])[] {
  const good = tarOf([TEXT, TOP]);
  const flipped = Buffer.from(good);
  flipped[0] = 'T'.charCodeAt(0);
  const twice = Buffer.concat([gzipSync(good), gzipSync(tarOf([{ path: 'resources/smuggled' }]))]);
  const endless = [header({ path: 'PaxHeader', type: 'x', content: 'x'.repeat(8192) }), padded('x'.repeat(8192))];
  return [
    ['nothing', Buffer.alloc(0), /it ends in the middle|it is damaged/],
    ['a page', Buffer.from('<html>'), /it is damaged/],
    ['an archive that is not compressed', good, /it is damaged/],
    ['compressed text', gzipSync('hello'), /it ends in the middle/],
    ['compressed noise', gzipSync(Buffer.alloc(2048, 7)), /a header has a wrong checksum/],
    ['a size that is no number', gzipSync(tarOf([TEXT, { path: 'resources/a', sizeField: 'much' }])), /has no valid size/],
    ['no end', gzipSync(tarOf([TEXT, TOP], false)), /it ends in the middle/],
    [
      'a file cut short',
      gzipSync(tarOf([TEXT, { path: 'resources/a', size: 5000 }], false)),
      /in the middle of "resources\/a", 5000 bytes too early/,
    ],
    ['a cut in the compression', gzipSync(good).subarray(0, -12), /it is damaged/],
    ['a wrong checksum', gzipSync(flipped), /a header has a wrong checksum/],
    ['entries behind the end', gzipSync(Buffer.concat([good, tarOf([{ path: 'resources/smuggled' }])])), /more follows behind its end/],
    ['a second archive', twice, /more follows behind its end/],
    ['text behind the compression', Buffer.concat([gzipSync(good), Buffer.from('more')]), /it is damaged/],
    ['compressed twice', gzipSync(gzipSync(good)), /it ends in the middle|checksum/],
    ['a header without end', gzipSync(Buffer.concat([tarOf([TEXT], false), ...endless])), /is too long/],
    ['no topology', gzipSync(tarOf([TOP])), /it holds no topology\.json/],
    ['no resources', gzipSync(tarOf([TEXT])), /it holds no resources/],
    ['resources that are a file', gzipSync(tarOf([TEXT, { path: 'resources' }])), /it holds "resources", which belongs to no/],
    ['a topology that is a directory', gzipSync(tarOf([{ path: 'topology.json', type: '5' }, TOP])), /it holds "topology.json", which/],
    ['another file', gzipSync(tarOf([TEXT, { path: 'evil' }])), /it holds "evil", which belongs to no packed topology/],
  ];
}

export function hostile(): readonly Hostile[] {
  return [
    ...ENTRIES.map(([name, entries, says]) => ({ name, bytes: gzipSync(tarOf([TEXT, TOP, ...entries])), code: 'PB_ARCHIVE_UNSAFE', says })),
    ...unreadable().map(([name, bytes, says]) => ({ name, bytes, code: 'PB_ARCHIVE_INVALID', says })),
  ];
}
