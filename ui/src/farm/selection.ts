/** A selection over rows in their shown order. Pure: every act returns the next selection. */
export interface Selection {
  readonly keys: ReadonlySet<string>
  /** Where a Shift-range begins. */
  readonly anchor: string | undefined
}

export const nothingSelected: Selection = { keys: new Set(), anchor: undefined }

export function selectOnly(key: string): Selection {
  return { keys: new Set([key]), anchor: key }
}

export function toggle(selection: Selection, key: string): Selection {
  const keys = new Set(selection.keys)
  if (!keys.delete(key)) keys.add(key)
  return { keys, anchor: key }
}

/** Selects from the anchor to `key`, replacing what was selected, as file managers do. */
export function extendTo(selection: Selection, key: string, order: readonly string[]): Selection {
  const from = order.indexOf(selection.anchor ?? key)
  const to = order.indexOf(key)
  if (from < 0 || to < 0) return selectOnly(key)
  const range = order.slice(Math.min(from, to), Math.max(from, to) + 1)
  return { keys: new Set(range), anchor: selection.anchor ?? key }
}

export function selectAll(order: readonly string[]): Selection {
  return { keys: new Set(order), anchor: order[0] }
}

/** Drops keys whose rows no longer exist. */
export function keepExisting(selection: Selection, existing: ReadonlySet<string>): Selection {
  const keys = new Set([...selection.keys].filter((key) => existing.has(key)))
  if (keys.size === selection.keys.size) return selection
  return {
    keys,
    anchor: selection.anchor && keys.has(selection.anchor) ? selection.anchor : undefined,
  }
}

export interface ClickKeys {
  shiftKey: boolean
  ctrlKey: boolean
  metaKey: boolean
}

export function click(
  selection: Selection,
  key: string,
  order: readonly string[],
  modifiers: ClickKeys,
): Selection {
  if (modifiers.shiftKey) return extendTo(selection, key, order)
  if (modifiers.ctrlKey || modifiers.metaKey) return toggle(selection, key)
  return selectOnly(key)
}
