/** The column a table is sorted by, as its address says it: `name`, or `-name` from the end. */
export type Sort = string

/** What a click on a column's head makes of the order: that column's own first, then the other way round. */
export function turnSort(sort: Sort, key: string, own: Sort = key): Sort {
  if (sort !== key && sort !== `-${key}`) return own
  return sort === key ? `-${key}` : key
}

export function ariaSort(
  sort: Sort,
  key: string | undefined,
): 'ascending' | 'descending' | undefined {
  if (key === undefined) return undefined
  return sort === key ? 'ascending' : sort === `-${key}` ? 'descending' : undefined
}
