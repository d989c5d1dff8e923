/** What the page of commands knows: each command, with its own flags and those of the commands it belongs to. */
export function readCommands(page: string): Map<string, Set<string>> {
  const commands = new Map<string, Set<string>>()
  let flags = new Set<string>()
  for (const line of page.split('\n')) {
    const [, name] = /^## (farm .+)$/.exec(line) ?? []
    if (name) {
      flags = new Set(commands.get(name.slice(0, name.lastIndexOf(' '))))
      commands.set(name, flags)
    }
    for (const [flag] of line.matchAll(/--[\w-]+/g)) flags.add(flag)
  }
  return commands
}

/** Calls of `farm` in a page's blocks and between its backticks, without the word itself. */
export function callsIn(page: string): string[] {
  const blocks = [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)]
    .filter(([, language]) => language === '' || language === 'sh')
    .map(([, , block]) => block!)
  const inBlocks = blocks.flatMap((block) => [
    ...block.replaceAll('\\\n', ' ').matchAll(/^(?:\$ )?(?:bin\/|\.\/)?farm ([a-z].*)$/gm),
  ])
  const inline = page
    .replace(/^```[\s\S]*?^```/gm, '')
    .matchAll(/`(?:bin\/|\.\/)?farm ([a-z][^`]*)`/g)
  return [...inBlocks, ...inline].map(([, call]) => call!.replace(/ {2,}.*| #.*/, ''))
}

/** What of a call is unknown; undefined when all of it is known. */
export function unknownIn(call: string, commands: Map<string, Set<string>>): string | undefined {
  let name = 'farm'
  for (const word of call.split(/\s+/)) {
    if (!commands.has(`${name} ${word}`)) break
    name += ` ${word}`
  }
  if (name === 'farm') return call
  const flags = [...call.matchAll(/(?<!\S)--[\w-]+/g)].map(([flag]) => flag)
  return flags.find((flag) => flag !== '--help' && !commands.get(name)!.has(flag))
}
