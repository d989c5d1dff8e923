import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import openWabt from 'wabt'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

/** Assembles core.wat. A test holds the committed bytes equal to this. */
export async function assemble(): Promise<Uint8Array> {
  const wabt = await openWabt()
  const module = wabt.parseWat('core.wat', await readFile(here('core.wat'), 'utf8'))
  try {
    module.validate()
    return module.toBinary({ log: false, write_debug_names: false }).buffer
  } finally {
    module.destroy()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const base64 = Buffer.from(await assemble()).toString('base64')
  const lines = base64.match(/.{1,92}/g)!.map((line) => `  '${line}',`)
  const text = `// Generated from core.wat by build.ts. Do not edit.\nexport const coreBase64 = [\n${lines.join('\n')}\n].join('')\n`
  await writeFile(here('core.gen.ts'), text)
  process.stdout.write(`core.gen.ts: ${Math.round((base64.length * 3) / 4)} bytes of WASM\n`)
}
