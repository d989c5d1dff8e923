import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type BuiltBlock, buildBlend, type FileLayout, layouts } from './blend-builder.ts'

/** A directory that goes with its test. */
export function tempDir(t: { after(fn: () => void): void }): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'farm-project-')))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Writes a file with the directories above it. */
export function write(dir: string, path: string, bytes: string | Buffer = 'x'): string {
  const file = join(dir, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, bytes)
  return file
}

/** Writes a .blend of these blocks. */
export function writeBlend(
  dir: string,
  path: string,
  blocks: readonly BuiltBlock[],
  layout: FileLayout = layouts.le64!,
): string {
  return write(dir, path, buildBlend(layout, blocks))
}

/** Images that a material of a scene uses, so that they are reached. */
export function images(paths: Record<string, string>, source = 1): BuiltBlock[] {
  return Object.entries(paths).map(([name, path], i) => ({
    code: 'IM',
    address: 0x10000 + i * 0x10,
    struct: 'Image',
    values: { 'id.name': `IM${name}`, name: path, source },
  }))
}

/** A material that shows one image. */
export function material(name: string, path: string, address = 0x20000): BuiltBlock[] {
  const [tex, image] = [address + 1, address + 2]
  return [
    { code: 'MA', address, struct: 'Material', values: { 'id.name': `MA${name}`, tex } },
    { code: 'TE', address: tex, struct: 'Tex', values: { 'id.name': `TE${name}`, ima: image } },
    {
      code: 'IM',
      address: image,
      struct: 'Image',
      values: { 'id.name': `IM${name}`, name: path, source: 1 },
    },
  ]
}

/** A library and the placeholders of what is linked from it. */
export function library(
  path: string,
  linked: readonly string[],
  values: Record<string, number> = {},
  address = 0x30000,
): BuiltBlock[] {
  const name = `LI${path.split('/').at(-1) ?? ''}`
  return [
    { code: 'LI', address, struct: 'Library', values: { 'id.name': name, name: path, ...values } },
    ...linked.map((id, i) => ({
      code: 'ID',
      address: address + 1 + i,
      struct: 'ID',
      values: { name: id, lib: address },
    })),
  ]
}

/** An object whose geometry nodes keep their bakes in a directory, named by a string of its own. */
export function bakes(directory: string): BuiltBlock[] {
  return [
    {
      code: 'OB',
      address: 1,
      struct: 'Object',
      values: { 'id.name': 'OBo', 'modifiers.first': 2 },
    },
    {
      code: 'DATA',
      address: 2,
      struct: 'NodesModifierData',
      values: { 'modifier.name': 'gn', simulation_bake_directory: 3 },
    },
    { code: 'DATA', address: 3, bytes: Buffer.from(`${directory}\0`) },
  ]
}
