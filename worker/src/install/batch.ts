/**
 * A line of a batch file that gives a program these arguments, whatever is in them. Two read it: the program splits it by
 * quotes and backslashes, and before that cmd acts on its own signs. To cmd each of them is escaped, quotes too, so
 * that it never counts quotes and the two cannot disagree on where one ends.
 */
export function batchCommandLine([program = '', ...argv]: readonly string[]): string {
  // A path has no quotes, and cmd itself must see where the program's ends.
  const words = argv.map((argument) => quoteArgument(argument).replace(/[()^&|<>"!]/g, '^$&'))
  return [`"${program}"`, ...words].join(' ').replaceAll('%', '%%')
}

/** Backslashes mean themselves but before a quote, where each is written twice. */
function quoteArgument(argument: string): string {
  if (argument !== '' && !/[\s"]/.test(argument)) return argument
  const inside = argument.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')
  return `"${inside}"`
}
