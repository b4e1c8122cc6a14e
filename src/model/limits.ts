/**
 * Every bound of the runtime in one place, with its unit and its reason. Invariant: nothing in this project grows without
 * a bound that stands here, and every bound has a test at it.
 */

/** Largest frame a component may write, in UTF-16 units of text. A 1 MB value passes with ease; a runaway line does not. */
export const FRAME_CHARS_MAX = 32 * 1024 * 1024;
/** Deepest nesting of arrays and objects in a frame. Deep enough for data, shallow enough for every parser downstream. */
export const JSON_DEPTH_MAX = 256;
/** Characters of a bad frame that are quoted in an error. */
export const QUOTE_CHARS_MAX = 200;
/** Attempts to find a readable frame behind stray text; each costs one scan of the frame. */
export const SALVAGE_ATTEMPTS_MAX = 64;

/** Bytes read from one child in one read: small enough that a flood leaves turns to its neighbours. */
export const READ_CHUNK_BYTES = 16 * 1024;
/** Bytes taken from one child in one turn of the event loop. */
export const READ_TURN_BYTES = 64 * 1024;
/** A read of at most so many bytes is small: a few messages. */
export const READ_SMALL_BYTES_MAX = 512;
/** Small reads within two ms before a child's output is left to collect: more than a coalescing library or a spout at 1,000/s makes. */
export const READS_BEFORE_REST = 16;
/** How long it is left to collect: within what a tuple may take, and thirty messages of a library that flushes each. */
export const READ_REST_MS = 1;
/** A rest was worth it when so many times the usual read has collected. */
export const READ_REST_GAIN_MIN = 4;
/** After a rest that was not, the next one comes this much later at first, and at most. */
export const READ_REST_AGAIN_MS_MIN = 100;
export const READ_REST_AGAIN_MS_MAX = 10_000;
/** Stderr of a child that is kept for its error. */
export const STDERR_TAIL_BYTES = 64 * 1024;
/** How long stdout is read on after a child has exited; a grandchild may hold it open for ever. */
export const EXIT_DRAIN_MS = 100;
/** Task-id replies and heartbeats waiting for a child that does not read, in bytes; at the bound its reading stops. */
export const REPLY_BYTES_MAX = 4 * 1024 * 1024;
/** Characters of tuples that collect for one child before they are written; the count of tuples alone would not bound large ones. */
export const OUTBOX_CHARS_MAX = 1024 * 1024;
/** Emits of a spout under a verdict that are read although a task downstream is congested: replays, but no flood. */
export const UNPAUSED_EMITS_MAX = 1024;

/** Bytes of tuples in the inbox of a task before its senders pause; it resumes at half. */
export const INBOX_BYTES_MAX = 8 * 1024 * 1024;
/** Tuples in the inbox of a task before its senders pause: more than a turn takes, few enough to die young for the garbage collector. */
export const INBOX_TUPLES_MAX = 2 * 1024;
/** The bound of tuples that an inbox starts with, and the least it falls to: it grows only while the inbox empties quickly. */
export const INBOX_TUPLES_FIRST = 128;
export const INBOX_TUPLES_MIN = 8;
/** Times the soft bound at which a task inside a cycle drops tuples and fails their roots. */
export const INBOX_HARD_FACTOR = 4;
/** The inbox pauses its senders when its oldest tuple is older than this share of the message timeout. */
export const INBOX_AGE_SHARE = 0.25;
/** Tuples one executor handles in one turn. */
export const TURN_TUPLES_MAX = 1024;
/** Pending roots of one spout task when `topology.max.spout.pending` is unset. */
export const SPOUT_PENDING_MAX = 1024 * 1024;

/** Tuples sent to a child and not yet known to be read: first, least and most. */
export const CHILD_WINDOW_FIRST = 128;
export const CHILD_WINDOW_MIN = 4;
export const CHILD_WINDOW_MAX = 4 * 1024;
/** Time that a tuple should at most wait between the host's write and the child's reading of it. */
export const CHILD_READ_DELAY_TARGET_MS = 100;

/** Inputs that one child may hold without an ack; a bolt that keeps this many is not aggregating but leaking. */
export const HELD_MAX = 256 * 1024;
/** Heartbeats that a child may leave unanswered before the oldest is forgotten. */
export const HEARTBEATS_OPEN_MAX = 64;

/** Tasks of one topology: a root id names its spout task and its acker task in 16 bits each. */
export const TASKS_MAX = 65_535;
export const COMPONENTS_MAX = 10_000;
export const FIELDS_MAX = 1_000;
export const NAME_CHARS_MAX = 200;
/** Tombstones of refused emits and failed inputs that a child incarnation may still answer for. */
export const TOMBSTONES_MAX = 64 * 1024;

/** Streams that one component may declare. */
export const STREAMS_MAX = 1_000;
/** Largest topology file, in UTF-16 units: ten thousand components of a few hundred each. */
export const TOPOLOGY_FILE_CHARS_MAX = 8 * 1024 * 1024;
/** Values in one topology file once its aliases are followed; a few lines of aliases can otherwise stand for billions. */
export const TOPOLOGY_FILE_VALUES_MAX = 500_000;
/** Files that one topology may include, one inside the other or side by side. */
export const INCLUDES_MAX = 64;
/** Mistakes of one topology that are reported; nobody reads on. */
export const MISTAKES_MAX = 200;

/** Bytes of an entry in the store: ZooKeeper refuses requests of 1 MiB, and path and header need some of it. */
export const STORE_DATA_BYTES_MAX = 1_000_000;
