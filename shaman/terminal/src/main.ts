export { formatBytes, formatCount, formatDuration, formatPercent, formatRate } from './format.ts'
export { printProblem, runCommand, UserError } from './problems.ts'
export { createProgress, type Progress } from './progress.ts'
export { formatTable, type TableColumn } from './table.ts'
