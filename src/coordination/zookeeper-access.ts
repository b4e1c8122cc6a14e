/**
 * Who may touch the nodes of the tree. Invariant: with credentials, nothing is written into a node before its access list was read back and names our
 * credentials alone; the package creates every node open to all. Without credentials every node stays open, as ZooKeeper makes it.
 */
import { createHash } from 'node:crypto';
import { PolyboltError } from '../model/errors.js';
import { STORE_VERIFIED_MAX } from '../model/limits.js';
import type { ZooKeeperLink } from './zookeeper-link.js';
import { ANY_VERSION, CODE, hasCode, type NodeAcl, type StoreCredentials } from './zookeeper-native.js';

export type { StoreCredentials };

/** All that ZooKeeper can allow: read, write, create, delete, administer. */
const ALL = 31;
/** Turned by the server into the identity of the session. */
const OURS: readonly NodeAcl[] = [{ perms: ALL, scheme: 'auth', auth: '' }];

export class ZooKeeperAccess {
  readonly #link: ZooKeeperLink;
  readonly #root: string;
  readonly #credentials: StoreCredentials | undefined;
  readonly #verified = new Set<string>();

  /** @param root of our tree: nodes above it may be anybody's. */
  constructor(link: ZooKeeperLink, root: string, credentials: StoreCredentials | undefined) {
    this.#link = link;
    this.#root = root;
    this.#credentials = credentials;
  }

  /** Whether a path need not be looked at again. */
  isVerified(path: string): boolean {
    const isOurs = path === this.#root || path.startsWith(`${this.#root}/`);
    return this.#credentials === undefined || !isOurs || this.#verified.has(path);
  }

  /** Closes a new node to others, and sees that it is closed. @throws ZooKeeperError when it is gone */
  async protect(path: string): Promise<void> {
    if (this.#credentials === undefined) return;
    await this.#link.persist(() => this.#link.request<[]>((native, answer) => native.a_set_acl(path, ANY_VERSION, OURS, answer)));
    await this.verify(path);
  }

  /** @throws PB_STORE_UNPROTECTED where others have access, or we do not */
  async verify(path: string): Promise<void> {
    if (this.#credentials === undefined || this.isVerified(path)) return;
    const expected = digestIdentity(this.#credentials.payload);
    const [list] = await this.#link.persist(() =>
      this.#link.request<[NodeAcl[], unknown]>((native, answer) => native.a_get_acl(path, answer)),
    );
    if (list.length !== 1 || !list.every((entry) => entry.perms === ALL && entry.scheme === 'digest' && entry.auth === expected)) {
      throw unprotected(path, list);
    }
    if (this.#verified.size >= STORE_VERIFIED_MAX) this.#verified.clear();
    this.#verified.add(path);
  }
}

/** The identity that ZooKeeper makes of a name and a password, DigestAuthenticationProvider.generateDigest. */
function digestIdentity(payload: string): string {
  return `${payload.split(':')[0]}:${createHash('sha1').update(payload).digest('base64')}`;
}

function unprotected(path: string, list: readonly NodeAcl[]): PolyboltError {
  const found = list.map(({ scheme, auth, perms }) => `${scheme}:${scheme === 'digest' ? auth.split(':')[0] : auth} (${perms})`).join(', ');
  return new PolyboltError('PB_STORE_UNPROTECTED', {
    message: `${path} in ZooKeeper is open to others than our credentials: ${found === '' ? 'no access list' : found}.`,
    hint: 'Remove the tree while no daemon runs, or take another storm.zookeeper.root: it was made without credentials, or its access lists were changed. Nothing was written to it.',
    context: { path },
  });
}

/** Makes the server's refusal of access an error that says what to do; any other error stays as it is. */
export function explainRefusal(error: unknown, path: string): unknown {
  if (!hasCode(error, CODE.NO_AUTH) && !hasCode(error, CODE.AUTH_FAILED)) return error;
  return new PolyboltError('PB_STORE_FORBIDDEN', {
    message: `ZooKeeper refuses access to ${path}.`,
    hint: 'The tree was made with other credentials: give this daemon the same storm.zookeeper.auth.scheme and storm.zookeeper.auth.payload, or another storm.zookeeper.root.',
    context: { path },
    cause: error,
  });
}
