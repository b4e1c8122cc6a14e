/**
 * The constant text of an emit, so that the next one like it costs three comparisons and one walk over its values. Invariant: a frame that matches a
 * shape means exactly what the frame that the shape was taken from meant, but for its values and the number in its slot.
 */
import type { EmitFrame } from './component-frames.js';
import { copyOf, type FrameParts } from './frame-parts.js';

/** What differs from emit to emit besides the values: nothing, the only anchor, or the spout's id. */
export type Slot = 'none' | 'anchor' | 'id';

/** The text is `before` slot `between` values `after`, or `before` values `between` slot `after`; without a slot `before` values `after`. */
export interface EmitShape {
  readonly before: string;
  readonly between: string;
  readonly after: string;
  readonly slot: Slot;
  readonly isSlotFirst: boolean;
  readonly stream: string;
  readonly task: number;
  readonly needTaskIds: boolean;
}

/** The shape of an emit that was walked, or undefined for one whose parts no slot can stand for. */
export function shapeOf(text: string, start: number, end: number, parts: FrameParts, emit: EmitFrame): EmitShape | undefined {
  const { stream, task, needTaskIds } = emit;
  const common = { stream, task, needTaskIds };
  const { tupleStart, tupleEnd } = parts;
  const cut = (from: number, to: number): string => copyOf(text.slice(from, to));
  if (emit.anchorCount === 0 && emit.idText === '') {
    return { before: cut(start, tupleStart), between: '', after: cut(tupleEnd, end), slot: 'none', isSlotFirst: true, ...common };
  }
  // An emit with both, or with several anchors, is walked each time.
  if (emit.anchorCount > 1 || (emit.anchorCount === 1 && emit.idText !== '')) return undefined;
  const slot = emit.anchorCount === 1 ? 'anchor' : 'id';
  let slotStart = parts.idStart;
  let slotEnd = parts.idEnd;
  if (slot === 'anchor') {
    // Only an id in quotes has digits that a slot can read: ["7"] and "7".
    slotStart = text.indexOf('"', parts.anchorsStart) + 1;
    const id = parts.digits(text, slotStart);
    if (id < 0 || id !== emit.anchors[0] || slotStart > parts.anchorsEnd) return undefined;
    slotEnd = parts.digitsEnd;
  }
  const isSlotFirst = slotStart < tupleStart;
  return {
    before: cut(start, isSlotFirst ? slotStart : tupleStart),
    between: isSlotFirst ? cut(slotEnd, tupleStart) : cut(tupleEnd, slotStart),
    after: cut(isSlotFirst ? tupleEnd : slotEnd, end),
    slot,
    isSlotFirst,
    ...common,
  };
}
