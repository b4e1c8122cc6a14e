/**
 * Keeps a child from what this process holds open. Invariant: whatever a library in another language has opened without telling the system to close it
 * on exec, such as an authenticated connection with ZooKeeper, is nothing in the child.
 */
import { openSync, readdirSync, readFileSync } from 'node:fs';

/** Linux's O_CLOEXEC, as `/proc` writes flags: in octal. */
const CLOSE_ON_EXEC = 0o2000000;
const FIRST_OF_OURS = 3;

let nothing: number | undefined;

/**
 * What follows the first three descriptors of a child in `stdio`: nothing, but for those that it would inherit, which become `/dev/null`. Systems without `/proc`
 * do not tell, and then it is empty.
 */
export function restOfStdio(): 'ignore'[] {
  const inherited = new Set(inheritedDescriptors());
  if (inherited.size === 0) return [];
  nothing ??= openSync('/dev/null', 'r');
  const count = Math.max(...inherited) + 1 - FIRST_OF_OURS;
  // The types of execa know no descriptor beyond the third.
  const device = nothing as unknown as 'ignore';
  return Array.from({ length: count }, (_, index) => (inherited.has(index + FIRST_OF_OURS) ? device : 'ignore'));
}

function inheritedDescriptors(): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc/self/fd');
  } catch {
    return [];
  }
  return names.map(Number).filter((descriptor) => descriptor >= FIRST_OF_OURS && isInherited(descriptor));
}

function isInherited(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    // It was that of the listing itself.
    return false;
  }
}
