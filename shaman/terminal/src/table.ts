export interface TableColumn {
  title: string
  align?: 'left' | 'right'
}

/**
 * Plain columns two spaces apart; no box drawing, so that a table can be pasted and grepped. Names come from other people's
 * files: a control character in one breaks no line and commands no terminal.
 */
export function formatTable(
  columns: readonly TableColumn[],
  cellsOfRows: readonly (readonly string[])[],
): string {
  const rows = cellsOfRows.map((row) => row.map(visible))
  const widths = columns.map((column, i) =>
    Math.max(column.title.length, ...rows.map((row) => (row[i] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, i) => {
        const cell = cells[i] ?? ''
        const width = widths[i] ?? 0
        return column.align === 'right' ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd()
  return [line(columns.map((c) => c.title)), ...rows.map(line)].join('\n')
}

/** Control characters as JSON spells them, `\\n`, `\\u001b`. */
function visible(cell: string): string {
  return cell.replace(/\p{Cc}/gu, (character) => {
    const json = JSON.stringify(character).slice(1, -1)
    return json === character ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}` : json
  })
}
