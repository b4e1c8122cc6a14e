/**
 * A small generator of numbers (Marsaglia's xorshift) for tests that need many of them. Invariant: the same seed gives the same numbers, and the
 * test prints its seed.
 */
export function xorshift(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
