/** What the exit status of `polybolt` says. Invariant: stable; scripts depend on it. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  invalidTopology: 3,
  unreachable: 4,
  cannotRun: 5,
  interrupted: 130,
} as const;
