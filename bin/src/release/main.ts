import { dirname, resolve } from 'node:path'
import { runCommand } from '@shaman-farm/terminal'
import { Command } from 'commander'
import { type Platform, platformNamed, platforms } from './platforms.ts'
import { makeRelease } from './release.ts'

const root = dirname(dirname(dirname(import.meta.dirname)))

interface ReleaseFlags {
  platform?: Platform[]
  tool?: Platform[]
  out: string
  json?: true
}

const collect = (name: string, before: Platform[] = []): Platform[] => [
  ...before,
  platformNamed(name),
]

const program = new Command('release')
  .description('Make an archive for each platform that runs with nothing else installed')
  .option('--platform <name>', 'only this platform; may be repeated', collect)
  .option('--tool <name>', "include only this platform's pack tool; may be repeated", collect)
  .option('--out <dir>', 'where archives go', 'release')
  .option('--json', 'print a JSON object at the end')
  .exitOverride()
  .action(async (flags: ReleaseFlags) => {
    const archives = await makeRelease({
      root,
      out: resolve(flags.out),
      platforms: flags.platform ?? platforms,
      tools: flags.tool ?? platforms,
      say: (line) => console.error(line),
    })
    if (flags.json) console.log(JSON.stringify({ v: 1, archives }))
    else for (const { sha256, file } of archives) console.log(`${sha256}  ${file}`)
  })

await runCommand(async () => void (await program.parseAsync()), {
  json: process.argv.includes('--json'),
})
