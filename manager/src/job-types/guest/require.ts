/** Given by the host: JSON `{ path, source }` of the file `id` means when asked for from `from`, or `{ error }`. */
export type LoadModule = (from: string, id: string) => string

interface GuestModule {
  exports: unknown
}

/** CommonJS over the scripts folder, plus the native modules. */
export function createRequire(
  load: LoadModule,
  natives: Record<string, unknown>,
): (from: string) => (id: unknown) => unknown {
  // biome-ignore lint/security/noGlobalEval: this code and what it evaluates run inside the isolate
  const evaluate = globalThis.eval
  const cache = new Map<string, GuestModule>()

  function requireFrom(from: string): (id: unknown) => unknown {
    return (id) => {
      const name = String(id)
      if (Object.hasOwn(natives, name)) return natives[name]
      const found = JSON.parse(load(from, name)) as
        | { path: string; source: string }
        | { error: string }
      if ('error' in found) throw new Error(found.error)
      return run(found.path, found.source).exports
    }
  }

  function run(path: string, source: string): GuestModule {
    const known = cache.get(path)
    if (known) return known
    const module: GuestModule = { exports: {} }
    // Known before it runs, so that two files may require each other.
    cache.set(path, module)
    if (path.endsWith('.json')) {
      module.exports = JSON.parse(source)
      return module
    }
    // On one line with the source, so that line numbers in errors are the file's own.
    const wrapped = `(function (exports, require, module, __filename, __dirname) {'use strict';${source}\n})\n//# sourceURL=${path}`
    const dir = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.'
    const body = evaluate(wrapped) as (...args: unknown[]) => void
    body(module.exports, requireFrom(path), module, path, dir)
    return module
  }

  return requireFrom
}
