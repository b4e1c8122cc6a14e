// What a component's author imports. All of it is documented in README.md.

export { BasicBolt } from './lib/basic-bolt.mjs';
export { Bolt } from './lib/bolt.mjs';
export { EncodeError } from './lib/encode.mjs';
export { ReliableSpout } from './lib/reliable-spout.mjs';
export { Spout } from './lib/spout.mjs';
export { TaskIds } from './lib/task-ids.mjs';
export { Tuple } from './lib/tuple.mjs';
