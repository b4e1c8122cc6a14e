/**
 * Installs, on import, the four functions of reflection metadata that the certificate library's dependency injection asks for as soon as it is loaded itself. Invariant: what
 * another library has installed is left alone.
 */
interface Metadata {
  defineMetadata(key: unknown, value: unknown, target: object): void;
  getOwnMetadata(key: unknown, target: object): unknown;
  getMetadata(key: unknown, target: object): unknown;
  metadata(key: unknown, value: unknown): (target: object) => void;
}

const entries = new WeakMap<object, Map<unknown, unknown>>();

const implementation: Metadata = {
  defineMetadata(key, value, target) {
    const own = entries.get(target) ?? new Map<unknown, unknown>();
    entries.set(target, own.set(key, value));
  },
  getOwnMetadata(key, target) {
    return entries.get(target)?.get(key);
  },
  getMetadata(key, target) {
    for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at) as object | null) {
      const own = entries.get(at);
      if (own?.has(key) === true) return own.get(key);
    }
    return undefined;
  },
  metadata(key, value) {
    return (target) => implementation.defineMetadata(key, value, target);
  },
};

if (!('getMetadata' in Reflect)) Object.assign(Reflect, implementation);

export {};
