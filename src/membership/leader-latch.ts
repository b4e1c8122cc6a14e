/**
 * Who leads, as Curator's latch decides it: every candidate holds a sequential ephemeral, the lowest leads, each other one watches only the one right
 * before it, so that the end of a leader wakes one and no herd. Invariant: `leads` is true only while connected and after a reading that found our own
 * candidate there, owned by this very session, and none before it.
 */
import { assertNever } from '../model/errors.js';

export interface LatchState {
  /** `suspended`: the store is out of reach, the candidate may still be ours. `ended`: the session is over, for ever. */
  readonly session: 'connected' | 'suspended' | 'ended';
  readonly leads: boolean;
  /** A reading or a creation is under way; there is never more than one. */
  readonly isBusy: boolean;
  /** Something may have changed since the reading under way began, so what it finds decides nothing. */
  readonly isStale: boolean;
  readonly isClosed: boolean;
}

export type LatchEvent =
  | { readonly kind: 'connection'; readonly isConnected: boolean }
  | { readonly kind: 'ended' }
  /** One of the watched candidates may have changed, or it is time to try again. */
  | { readonly kind: 'changed' }
  /** What a reading found: all candidates, and those among them that this session owns. */
  | { readonly kind: 'found'; readonly candidates: readonly string[]; readonly owned: readonly string[] }
  | { readonly kind: 'created' }
  /** A reading or creation was rejected. Whether a candidate was created is not known. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'closed' };

export type LatchEffect =
  /** Read all candidates, then which are our own; answer with `found` or `failed`. */
  | { readonly kind: 'read' }
  /** Create a candidate; answer with `created` or `failed`. */
  | { readonly kind: 'create' }
  | { readonly kind: 'remove'; readonly names: readonly string[] }
  /** Watch these and no others; say `changed` when one of them has. */
  | { readonly kind: 'watch'; readonly names: readonly string[] }
  /** Say `changed` in a while. */
  | { readonly kind: 'retry' };

export interface LatchStep {
  readonly state: LatchState;
  readonly effects: readonly LatchEffect[];
}

/** The first step: a candidate that a lost reply hides from us is looked for before one is created. */
export function startLatch(isConnected: boolean): LatchStep {
  const idle: LatchState = { session: 'suspended', leads: false, isBusy: false, isStale: false, isClosed: false };
  return isConnected ? stepLatch(idle, { kind: 'connection', isConnected }) : { state: idle, effects: [] };
}

/** One event. A closed or ended latch has no effects but the removal of its candidates. */
export function stepLatch(state: LatchState, event: LatchEvent): LatchStep {
  if (state.session === 'ended') return { state, effects: [] };
  switch (event.kind) {
    case 'connection':
      return event.isConnected
        ? read({ ...state, session: 'connected' })
        : { state: { ...state, session: 'suspended', leads: false }, effects: [] };
    case 'ended':
      return { state: { ...state, session: 'ended', leads: false, isBusy: false }, effects: [{ kind: 'watch', names: [] }] };
    case 'changed':
      return read(state);
    case 'found':
      return judge({ ...state, isBusy: false }, event.candidates, event.owned);
    case 'created':
      return read({ ...state, isBusy: false });
    case 'failed':
      // What was known is in doubt; a leader that is still connected reads again before it goes on.
      return { state: { ...state, isBusy: false, isStale: false, leads: false }, effects: [{ kind: 'retry' }] };
    case 'closed':
      return read({ ...state, isClosed: true, leads: false });
    default:
      return assertNever(event);
  }
}

function read(state: LatchState): LatchStep {
  if (state.session !== 'connected') return { state, effects: [] };
  if (state.isBusy) return { state: { ...state, isStale: true }, effects: [] };
  return { state: { ...state, isBusy: true, isStale: false }, effects: [{ kind: 'read' }] };
}

function judge(state: LatchState, candidates: readonly string[], owned: readonly string[]): LatchStep {
  if (state.session !== 'connected') return { state: { ...state, isStale: false }, effects: [] };
  if (state.isStale) return read(state);
  if (state.isClosed) return { state, effects: [{ kind: 'watch', names: [] }, ...removal(owned)] };
  const inOrder = [...candidates].sort(byNumber);
  const own = inOrder.find((name) => owned.includes(name));
  // Whoever takes our candidate away, an operator for instance, deposes us.
  if (own === undefined) return { state: { ...state, leads: false, isBusy: true }, effects: [{ kind: 'create' }] };
  const before = inOrder[inOrder.indexOf(own) - 1];
  return {
    state: { ...state, leads: before === undefined },
    effects: [
      { kind: 'watch', names: before === undefined ? [own] : [own, before] },
      // Two creations whose replies were lost leave two candidates; the later one would keep the latch when the earlier is given back.
      ...removal(owned.filter((name) => name !== own)),
    ],
  };
}

function removal(names: readonly string[]): LatchEffect[] {
  return names.length === 0 ? [] : [{ kind: 'remove', names }];
}

/** Name of the candidate that leads, or would as soon as it knows; undefined where there is none. */
export function leadingCandidate(candidates: readonly string[]): string | undefined {
  return [...candidates].sort(byNumber)[0];
}

/** What a candidate's prefix must be for `candidateId` to find the id. */
export function candidatePrefix(id: string): string {
  return `${id}-`;
}

/** Id of the daemon behind a candidate's name. */
export function candidateId(name: string): string {
  return name.slice(0, -SUFFIX_CHARS);
}

/** A dash and the ten digits of a sequential entry. */
const SUFFIX_CHARS = 11;

function byNumber(one: string, other: string): number {
  return Number(one.slice(-SUFFIX_CHARS + 1)) - Number(other.slice(-SUFFIX_CHARS + 1));
}
