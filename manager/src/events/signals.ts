/**
 * What a waiting request sleeps on: a name is signalled, its listeners run. Listeners look for themselves whether
 * what they wait for has come; a signal only says that it is worth looking.
 */
export interface Signals {
  notify(name: string): void
  on(name: string, listener: () => void): () => void
}

export function createSignals(): Signals {
  const listeners = new Map<string, Set<() => void>>()
  return {
    notify(name) {
      for (const listener of listeners.get(name) ?? []) listener()
    },
    on(name, listener) {
      const set = listeners.get(name) ?? new Set()
      listeners.set(name, set)
      set.add(listener)
      return () => {
        set.delete(listener)
        if (set.size === 0) listeners.delete(name)
      }
    },
  }
}
