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

/** Bytes of tuples and records that wait for one peer before its senders pause; they resume at half. */
export const LINK_QUEUE_BYTES_MAX = 8 * 1024 * 1024;
/** Times that bound at which the peer is given up for lost: what never pauses, acks and verdicts, is bounded by what is pending, but not by bytes. */
export const LINK_HARD_FACTOR = 16;
/** Frames handed to a socket that it has not written yet: enough to keep it busy; what else waits, waits where it can still share a frame. */
export const LINK_FRAMES_UNWRITTEN_MAX = 8;
/** Characters of values in one frame between workers: a slice of a frame's text pins the whole of it, and a longer one is no faster. */
export const LINK_FRAME_CHARS = 64 * 1024;
/** Numbers of tuples in one frame: 32 KiB of them are four thousand tuples with one root each. */
export const LINK_FRAME_NUMBERS = 32 * 1024;
/** Largest frame between workers, in bytes: one tuple of the largest frame of a component, each character of which takes up to three. */
export const LINK_FRAME_BYTES_MAX = 3 * FRAME_CHARS_MAX + 32 * 1024 * 1024;
/** Bytes of frames taken from one peer in one turn of the event loop: some thousand tuples, so that a flood leaves turns to its neighbours. */
export const LINK_TURN_BYTES = 256 * 1024;
/** Streams of tasks that one worker may name on one link: two of each of the most tasks a topology has. */
export const LINK_SOURCES_MAX = 128 * 1024;
/** Bytes kept of a sender that the assignment does not name yet, before its link is no longer read. */
export const LINK_HELD_BYTES_MAX = 1024 * 1024;
/** Workers that the assignment does not name yet and that are kept waiting at a time. */
export const LINKS_HELD_MAX = 1_024;
/** Connections that a worker takes at a time: some for each of a thousand peers, not a flood. */
export const LINK_CONNECTIONS_MAX = 4_096;
/** Bytes of the headers with which a link begins. */
export const LINK_HEADER_BYTES_MAX = 8 * 1024;
/** Silence of a peer, in ms, after which its links are torn down, and what a link may take to begin: longer than most pauses of an event loop, shorter than the timeouts of workers. */
export const LINK_SILENCE_MS = 10_000;
/** Least and most time, in ms, between two attempts to reach a peer. */
export const LINK_RETRY_MS_MIN = 20;
export const LINK_RETRY_MS_MAX = 1_000;

/** Bytes of an entry in the store: ZooKeeper refuses requests of 1 MiB, and path and header need some of it. */
export const STORE_DATA_BYTES_MAX = 1_000_000;
/** Attempts at an operation of several requests, the creation of an entry, that others get between; each attempt follows a change made by somebody else. */
export const STORE_ATTEMPTS_MAX = 16;
/** Operations that wait for the store in one session; while it is away, daemons wait for one or few each. */
export const STORE_OPERATIONS_MAX = 10_000;
/** Paths whose access lists one session need not verify again; past it, it forgets them all. */
export const STORE_VERIFIED_MAX = 10_000;
/** Questions to the store during one session timeout: with one lost there is time for three others. */
export const STORE_PROBES_PER_TIMEOUT = 4;
/** Rounds over the servers of the store during one session timeout, while none answers. */
export const STORE_RECONNECTS_PER_TIMEOUT = 6;
/** Wait, in ms, before a request is sent again that was lost on a connection which seems to be fine. */
export const STORE_RETRY_MS = 50;
/** First wait, in ms, between two attempts to open a session, and the longest: soon after a short outage, and no storm of hundreds in a long one. */
export const STORE_REOPEN_MS_MIN = 500;
export const STORE_REOPEN_MS_MAX = 10_000;
/** Wait, in ms, of a candidate for leadership that could not read or write, before it reads again. */
export const LATCH_RETRY_MS = 1_000;

/** Bytes of a packed topology: code and small models; data belongs where components read it from. */
export const BLOB_BYTES_MAX = 512 * 1024 * 1024;
/** Bytes of a topology once it is unpacked, headers included: what a supervisor's disk must bear, and where a bomb is stopped. */
export const BLOB_UNPACKED_BYTES_MAX = 1024 * 1024 * 1024;
/** Files and directories of a packed topology. */
export const BLOB_ENTRIES_MAX = 10_000;
/** Bytes of a path in a packed topology, leaving room for the directory that it is unpacked into within the 4,096 of Linux. */
export const BLOB_PATH_BYTES_MAX = 1_024;
/** Bytes of one name in such a path: what file systems take. */
export const BLOB_NAME_BYTES_MAX = 255;
/** Directories in such a path. */
export const BLOB_PATH_DEPTH_MAX = 64;
/** Zero bytes behind the end of an archive: programs fill up to blocks of 10 KiB, few of them more. */
export const BLOB_PADDING_BYTES_MAX = 64 * 1024;
/** Largest ignore file, in bytes; each of its lines is tried on each path. */
export const IGNORE_FILE_BYTES_MAX = 64 * 1024;

/** Restarts of a worker in a row that came to nothing, before its supervisor reports it as failed and nimbus moves it: some fifteen seconds. */
export const WORKER_RESTARTS_MAX = 5;
/** What a topology's `prepare` may take, in ms: a large environment over a slow line, and an end to a command that waits for input. */
export const PREPARE_MS_MAX = 10 * 60 * 1000;
/** How long after a failed `prepare`, in ms, its failure is the answer without trying. */
export const PREPARE_FAILURE_MS = 50_000;
/** Last lines of a worker's log that one request may ask for. */
export const LOG_LINES_MAX = 10_000;
/** Bytes of a worker's log that one request searches for them, or that were written between two looks of one who follows. */
export const LOG_SCAN_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of a line of a log of which no more than the end is kept: a runaway program prints without line breaks. */
export const LOG_LINE_BYTES_MAX = 1024 * 1024;
/** How often, in ms, it is looked for more of a log that is followed. */
export const LOG_FOLLOW_MS = 200;
/** Errors of a component that the store keeps. */
export const STORED_ERRORS_MAX = 20;
/** Characters of one text in an error in the store, the end of it: twenty errors of some such texts stay far below what an entry holds. */
export const STORED_ERROR_CHARS_MAX = 2_000;
/** Components whose errors wait for the store; while it is away, more are only logged. */
export const WAITING_ERRORS_MAX = 1_000;

/** Connections that a daemon serves at a time: a hundred supervisors and their users, not a flood. */
export const HTTP_CONNECTIONS_MAX = 1_000;
/** Bytes of a JSON body of a request: names and numbers only. */
export const HTTP_JSON_BYTES_MAX = 64 * 1024;
/** Silence of a client, in ms, in the middle of a request or between two, after which its connection is closed. */
export const HTTP_IDLE_MS = 30_000;
/** How long a refused client may go on sending, in ms, so that it gets to read why it was refused. */
export const HTTP_DISCARD_MS = 2_000;
/** Redirects that a client follows, from a nimbus to the one that leads. */
export const HTTP_REDIRECTS_MAX = 5;
/** Lines of logs of many workers that wait for a slow reader. */
export const LOG_LINES_WAITING_MAX = 1_000;
/** Characters of one name in a path, decoded: what a name may have, each of them escaped at most threefold for each of three bytes. */
export const HTTP_NAME_CHARS_MAX = 9 * NAME_CHARS_MAX;

/** Longest wait, in ms, that a kill or a rebalance may ask for: a day; a timer counts to 24 days. */
export const CHANGE_WAIT_MS_MAX = 24 * 3600 * 1000;
/** Least time, in ms, between a supervisor's disappearance and the end of its workers: it may only be starting anew. */
export const SUPERVISOR_GRACE_MS = 2_000;
/** How long, in ms, a topology keeps away from a supervisor where one of its workers failed, if it can go elsewhere. */
export const AVOID_MS = 10 * 60 * 1000;
/** What a worker that failed again, elsewhere, waits before it is moved once more, in ms: twice as long each time, up to a minute. */
export const MOVE_PAUSE_MS_MIN = 1_000;
export const MOVE_PAUSE_MS_MAX = 60_000;

/** Bytes of one line between a supervisor and its worker: a snapshot of some ten thousand tasks. */
export const CONTROL_LINE_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes that wait for a supervisor that does not read, before its connection is closed. */
export const CONTROL_UNSENT_BYTES_MAX = 32 * 1024 * 1024;
/** Connections to the control socket of a worker: its supervisor, the one that takes over, and a few that linger. */
export const CONTROL_CONNECTIONS_MAX = 8;
/** Bytes of printed tuples that wait for their reader before the worker stops emitting. */
export const PRINT_UNSENT_BYTES_MAX = 1024 * 1024;
/** Log lines a second that a local worker hands to its parent; the rest is in the worker's own log. */
export const FORWARDED_LINES_PER_SECOND = 200;

/** How long an accepted submission waits, in ms, for nimbuses that do not answer and may be dead: longer than their sessions live on. */
export const REPLICATION_MS = 30_000;
/** How long, in ms, code that belongs to no topology is kept: its submission may still be under way, on another nimbus. */
export const BLOB_GRACE_MS = 10 * 60 * 1000;
/** How long nimbus waits, in ms, for what one worker has counted: whoever asked waits too. */
export const SNAPSHOT_MS = 2_000;
/** Topologies that nimbus keeps parsed. */
export const PARSED_TOPOLOGIES_MAX = 20;
/** Bytes of a JSON answer of one daemon to another: the figures of a worker with thousands of tasks. */
export const HTTP_ANSWER_BYTES_MAX = 64 * 1024 * 1024;
