/**
 * Names for files that are to lie in one folder: their paths from the deepest folder that all share. Separators become
 * slashes, and no name leaves the folder.
 */
export function relativeNames(paths: readonly string[]): Map<string, string> {
  if (paths.length === 0) return new Map()
  const split = paths.map((path) => path.split(/[\\/]+/).filter((part) => part !== ''))
  const shortest = Math.min(...split.map((parts) => parts.length - 1))
  let shared = 0
  while (shared < shortest && split.every((parts) => parts[shared] === split[0]![shared])) {
    shared += 1
  }
  return new Map(
    paths.map((path, i) => [
      path,
      split[i]!.slice(shared)
        .map((part) => (part === '..' || part === '.' ? '_' : part.replaceAll(':', '_')))
        .join('/'),
    ]),
  )
}
