/**
 * Every error code, with the one sentence that `spec/errors.md` opens its entry with. Invariant: a code is never renamed
 * or reused; a test compares this table with the page.
 */
export const ERROR_CODES = {
  // Topology files and the builder.
  PB_TOPOLOGY_UNREADABLE: 'The topology file cannot be read.',
  PB_YAML_SYNTAX: 'The topology file is not valid YAML.',
  PB_TOPOLOGY_SHAPE: 'A key of the topology file has a value of the wrong type or form.',
  PB_KEY_UNKNOWN: 'The topology file has a key that means nothing there.',
  PB_KEY_MISSING: 'A key that is required is missing.',
  PB_KEY_CONFLICT: 'Two keys exclude each other.',
  PB_VARIABLE_UNDEFINED: 'A ${variable} has no value.',
  PB_VARIABLE_UNUSED: 'A value was given with --set for a variable that the file does not use.',
  PB_INCLUDE_FAILED: 'An included file cannot be read, or includes itself.',
  PB_NAME_INVALID: 'A name has characters that it must not have, or is reserved.',
  PB_ID_DUPLICATE: 'Two components have the same id.',
  PB_TOPOLOGY_EMPTY: 'The topology has no spout.',
  PB_COMPONENT_UNKNOWN: 'An input or a stream names a component that does not exist.',
  PB_STREAM_UNKNOWN: 'An input names a stream that its source does not declare.',
  PB_STREAM_DUPLICATE: 'A stream or a subscription is declared twice.',
  PB_FIELD_UNKNOWN: 'A grouping names a field that the stream does not have.',
  PB_FIELD_DUPLICATE: 'A stream declares a field twice.',
  PB_GROUPING_UNKNOWN: 'A grouping is of no known type.',
  PB_GROUPING_INVALID: 'A grouping does not fit its stream.',
  PB_SPOUT_HAS_INPUTS: 'A spout has inputs.',
  PB_BOLT_UNREACHABLE: 'A bolt has no inputs, or none that a spout feeds.',
  PB_COMMAND_INVALID: 'A command is not a non-empty list of strings.',
  PB_RESOURCES_MISSING: 'The resources directory does not exist.',
  PB_MODULE_MISSING: 'The module of an in-process component or grouping does not exist.',
  PB_CONFIG_INVALID: 'A configuration value is of the wrong type or out of range.',
  PB_PARALLELISM_INVALID: 'Parallelism or the number of tasks is not a sensible positive number.',
  PB_FLUX_UNSUPPORTED: 'The file uses a part of Flux that needs a JVM.',
  PB_FLUX_REFERENCE: 'A Flux ref or reflist names a bean that does not exist.',
  PB_TOPOLOGY_TOO_LARGE: 'The topology has more components, streams or tasks than the limits allow.',

  // The multilang wire.
  PB_FRAME_TOO_LARGE: 'A component wrote a frame larger than the limit.',
  PB_FRAME_UNREADABLE: 'A component wrote a frame that cannot be read.',
  PB_FRAME_NOT_UTF8: 'A component wrote bytes that are not UTF-8.',
  PB_FRAME_TOO_DEEP: 'A component wrote JSON nested deeper than the limit.',
  PB_FRAME_INCOMPLETE: 'A component ended, or fell silent, in the middle of a frame.',
  PB_MESSAGE_INVALID: 'A component sent a message that is valid JSON and not valid multilang.',
  PB_COMMAND_UNKNOWN: 'A spout sent a command that does not exist.',
  PB_STDOUT_POLLUTED: 'A component printed text on its standard output outside of the protocol.',

  // What a component did.
  PB_COMPONENT_NOT_FOUND: 'The command of a component does not exist.',
  PB_COMPONENT_NOT_EXECUTABLE: 'The command of a component exists and cannot be executed.',
  PB_COMPONENT_START_FAILED: 'The command of a component could not be started.',
  PB_HANDSHAKE_TIMEOUT: 'A component did not answer the handshake in time.',
  PB_HANDSHAKE_FAILED: 'A component ended before it had answered the handshake.',
  PB_CHILD_EXITED: 'A component exited without being asked to.',
  PB_CHILD_CLOSED_STDOUT: 'A component closed its standard output and went on running.',
  PB_CHILD_CLOSED_STDIN: 'A component closed its standard input and went on running.',
  PB_CHILD_HUNG: 'A component gave no sign of life within the subprocess timeout.',
  PB_CHILD_IGNORED_TERM: 'A component ignored SIGTERM and was killed.',
  PB_RESTARTS_EXHAUSTED: 'A component died too often without completing a tuple in between.',
  PB_TUPLE_UNKNOWN: 'A bolt acked, failed or anchored to a tuple that it does not hold.',
  PB_STREAM_UNDECLARED: 'A component emitted to a stream that it does not declare.',
  PB_ARITY_WRONG: 'A component emitted another number of values than the stream has fields.',
  PB_DIRECT_MISMATCH: 'A direct emit on a plain stream, or a plain emit on a direct one.',
  PB_TASK_UNKNOWN: 'A direct emit names a task that does not exist.',
  PB_VALUES_INVALID: 'The values of a tuple are not one valid JSON array.',
  PB_COMPONENT_ERROR: 'A component reported an error.',
  PB_MODULE_INVALID: 'A module does not export a component or grouping.',
  PB_MODULE_THREW: 'An in-process component threw.',
  PB_TUPLE_DROPPED: 'A tuple inside a cycle of the topology reached the hard bound of a queue.',

  // The runtime and the command line.
  PB_TOPOLOGY_EXISTS: 'A topology of that name is already running.',
  PB_TOPOLOGY_NOT_FOUND: 'No topology of that name is running.',
  PB_CODE_UNAVAILABLE: 'The code of a topology cannot be brought to a supervisor.',
  PB_PREPARE_FAILED: 'The prepare command of a topology failed.',
  PB_WORKER_NOT_FOUND: 'A supervisor has no such worker.',
  PB_WORKER_DIED: 'A worker ended because a component could not be kept running.',
  PB_WORKER_FILE_INVALID: 'The file that tells a worker what to run cannot be used.',
  PB_CONTROL_INVALID: 'What came over the control socket of a worker is no message.',
  PB_STORE_CONFLICT: 'A versioned write to the store met another version.',
  PB_STORE_SESSION_ENDED: 'The session with the store has expired or been closed.',
  PB_STORE_UNREACHABLE: 'No server of the store answers.',
  PB_STORE_TOO_LARGE: 'An entry of the store would be larger than the store takes.',
  PB_STORE_CLIENT_MISSING: 'The package that speaks with ZooKeeper is not installed.',
  PB_STORE_FORBIDDEN: 'The store refuses access.',
  PB_STORE_UNPROTECTED: 'An entry of the store does not have the access list that it must have.',
  PB_USAGE: 'The command line is wrong.',
  PB_INTERRUPTED: 'The run was interrupted.',

  // Packed topologies.
  PB_TOPOLOGY_INLINE: 'A topology with an inline component was to leave its process.',
  PB_TOPOLOGY_INVALID: 'A packed topology is not valid.',
  PB_RESOURCES_UNPACKABLE: 'The resources directory holds what cannot be packed.',
  PB_ARCHIVE_INVALID: 'A packed topology cannot be read.',
  PB_ARCHIVE_UNSAFE: 'A packed topology holds an entry that is refused.',
  PB_ARCHIVE_TOO_LARGE: 'A packed topology is larger than the limits allow.',
  PB_BLOB_CORRUPT: 'The bytes of a packed topology do not have the SHA-256 that names them.',
  PB_BLOB_MISSING: 'The code of a topology is not there.',
  PB_DISK_FULL: 'A file cannot be written because the disk is full.',

  // Configuration and secrets of daemons.
  PB_DAEMON_CONFIG_INVALID: 'The configuration of a daemon is wrong.',
  PB_BIND_UNSAFE: 'A daemon was to listen where other machines can reach it, without certificates and token.',
  PB_SECRET_INVALID: 'A key, certificate or token cannot be read or used.',
  PB_SECRET_EXPOSED: 'Every user of the machine may read a key or token.',
  PB_KEYS_EXIST: 'Keys are there already and are not overwritten.',
  PB_DIRECTORY_IN_USE: 'Another daemon works in the same directory.',

  // Daemons over HTTP.
  PB_LISTEN_FAILED: 'A daemon cannot listen on its address.',
  PB_UNAUTHORIZED: 'A request came without the token that it needs.',
  PB_ORIGIN_REFUSED: 'A daemon without tokens was asked by a web page or under a name.',
  PB_ROUTE_UNKNOWN: 'A request asks for a path or a method that a daemon does not have.',
  PB_REQUEST_INVALID: 'A request to a daemon is malformed.',
  PB_REQUEST_TOO_LARGE: 'The body of a request is larger than a daemon takes.',
  PB_REQUEST_ABORTED: 'A client went away, or fell silent, in the middle of a request.',
  PB_INTERNAL: 'A daemon failed while it answered a request.',

  // Links between workers.
  PB_LINK_REFUSED: 'A worker refused a link with another.',
  PB_LINK_VERSIONS: 'Two workers of one topology speak different versions.',
  PB_LINK_FRAME_INVALID: 'A frame from another worker cannot be read, or was meant for somebody else.',
  PB_LINK_TUPLE_UNSENDABLE: 'A tuple cannot be sent to another worker.',

  // Nimbus.
  PB_NOT_LEADER: 'The nimbus that was asked does not lead now.',
  PB_TOPOLOGY_KILLED: 'The topology is being killed and cannot be changed.',
  PB_CHANGE_INVALID: 'A change asks for what the topology cannot have.',
  PB_BLOB_UNREPLICATED: 'The code of a topology could not be copied to another nimbus.',
  PB_SCHEDULER_INVALID: 'The module of a scheduler does not exist or does not export one.',
  PB_SCHEDULE_INVALID: 'A scheduler returned assignments that cannot be.',

  // Clients of a cluster.
  PB_NIMBUS_UNREACHABLE: 'No nimbus answers.',
  PB_REPLY_INVALID: 'A daemon answered in a way that no daemon of Polybolt does.',
  PB_TOPOLOGY_NOT_UP: 'A topology was submitted and does not come up.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
