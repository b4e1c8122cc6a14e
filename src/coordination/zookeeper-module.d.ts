/**
 * Lets the compiler take the package `zookeeper` for granted: it is optional, and where it could not be installed everything else still compiles.
 * What of it is used is typed in `zookeeper-native.ts`.
 */
declare module 'zookeeper' {
  const client: unknown;
  export = client;
}
