const rules: readonly [RegExp, string][] = [
  // What was filled in there would be lost.
  [/^\/jobs\/submit$/, ''],
  [/^(\/jobs\/[^/]+\/tasks)\/[^/]+$/, '$1'],
  [/^(\/jobs\/[^/]+)\/frames\/[^/]+$/, '$1'],
  [/^(\/jobs\/[^/]+)\/diff\/[^/]+$/, '$1/submission'],
  [/^(\/jobs\/[^/]+)\/[^/]+$/, '$1'],
  [/^\/(jobs|workers|storage|settings)\/.+$/, '/$1'],
  [/^\/(attention|wall|welcome)$/, '/'],
  [/^\/job-types$/, '/settings'],
]

/** The page that an address lies below, as Escape goes; undefined at the top. */
export function placeAbove(path: string): string | undefined {
  const rule = rules.find(([pattern]) => pattern.test(path))
  return rule && rule[1] !== '' ? path.replace(rule[0], rule[1]) : undefined
}
