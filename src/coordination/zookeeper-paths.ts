/**
 * Paths of the port as ZooKeeper takes them: below a root, and with the characters escaped that Java's path rules refuse, emoji and private ones among them,
 * which names of topologies may hold. Invariant: what is escaped comes back the same; other characters stay readable for an operator.
 */

/** Code units that `org.apache.zookeeper.common.PathUtils` refuses, and the sign that escapes begin with. */
const REFUSED = /[%\ud800-\uf8ff\ufff0-\uffff]+/g;

/** @param path of the port, or a name. @throws URIError for half a character */
export function escapePath(path: string): string {
  return path.replace(REFUSED, encodeURIComponent);
}

/** A name that somebody else made, and that is no escape of ours, stays as it is. */
export function unescapePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
