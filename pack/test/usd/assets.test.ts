import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { tracePack } from '../../src/main.ts'
import { packToFolder } from '../../src/output/folder.ts'
import { describePack } from '../../src/output/pack-info.ts'
import { verifyPack } from '../../src/output/verify.ts'
import { planPack } from '../../src/plan.ts'
import { assetsIn } from '../../src/usd/assets.ts'
import { decodeLz4Block } from '../../src/usd/lz4.ts'
import { createAssetScanner } from '../../src/usd/text.ts'
import { type BuiltBlock, buildBlend, commonStructs, layouts } from '../blend-builder.ts'
import { tempDir, write } from '../project-builder.ts'

const text = `#usda 1.0
( doc = "mail me @ home" # or @here@
  subLayers = [@./a.usda@, @b.usd@</Root>]
  note = '''three
  lines @not this@ '''
)
def "x" (references = @@@odd@name.usdc@@@</P>) { asset empty = @@
  string s = "escaped \\" @nor this@" asset t = @tex/w.<UDIM>.png@ asset e = @\`"x.usd"\`@ }
`

const named = ['./a.usda', 'b.usd', 'odd@name.usdc', 'tex/w.<UDIM>.png', '`"x.usd"`']

test('asset paths are told from strings and comments, wherever the text is cut', () => {
  const bytes = Buffer.from(text)
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const scanner = createAssetScanner()
    scanner.scan(bytes.subarray(0, cut))
    scanner.scan(bytes.subarray(cut))
    assert.deepEqual([...scanner.found], named, `cut at ${cut}`)
  }
})

test('expressions name no file', (t) => {
  const file = write(tempDir(t), 'a.usda', text)
  assert.deepEqual(
    assetsIn(file).map(({ path }) => path),
    named.slice(0, 4),
  )
})

test('a block of LZ4 repeats what came before, also what it is just writing', () => {
  // Five letters, then twelve from four before; then the last literals.
  const block = Buffer.from([0x58, ...Buffer.from('abcde'), 4, 0, 0x30, ...Buffer.from('xyz')])
  const out = Buffer.alloc(64)
  const length = decodeLz4Block(block, out)
  assert.equal(out.toString('latin1', 0, length), 'abcdebcdebcdebcdexyz')
})

test('no damaged LZ4 block writes or reads outside', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        assert.ok(decodeLz4Block(Buffer.from(bytes), Buffer.alloc(64)) <= 64)
      } catch (error) {
        assert.ok(error instanceof RangeError)
      }
    }),
  )
})

test('of a crate the words that look like paths are taken, old and new, and damage gives nothing', (t) => {
  const dir = tempDir(t)
  const words = ['Cube', 'inputs:file', './tex/wood.png', 'set.usdc', 'xformOp:translate']
  for (const [name, version] of [
    ['new.usdc', 8],
    ['parts.usd', 9],
    ['old.usdc', 1],
  ] as const) {
    const file = write(dir, name, crate(words, version))
    assert.deepEqual(
      assetsIn(file).map(({ path }) => path),
      ['./tex/wood.png', 'set.usdc'],
      name,
    )
  }
  const whole = crate(words, 8)
  for (let length = 8; length < whole.length; length += 7) {
    assert.deepEqual(assetsIn(write(dir, 'cut.usdc', whole.subarray(0, length))), [])
  }
})

test('layers bring what they name, layer by layer, and a pack of them is complete', async (t) => {
  const dir = tempDir(t)
  write(dir, 'far/usd/set.usda', '#usda 1.0\n( subLayers = [@../parts/a.usdc@, @/gone.usda@] )')
  write(dir, 'far/parts/a.usdc', crate(['wood.png', 'guess.png', 'set.usda'], 8))
  write(dir, 'far/parts/wood.png')
  const blend = write(dir, 'show/a.blend', buildBlend(layouts.le64!, cacheFile(dir), structs))
  const trace = await tracePack({ blend, project: join(dir, 'show') })
  const found = trace.files.map((f) => `${f.status} ${f.path.replace(dir, '')} ${f.packPath}`)
  const outside = /^_outside\/far-[0-9a-f]{8}\//
  assert.deepEqual(found.map((line) => line.split(' ').slice(0, 2).join(' ')).sort(), [
    'missing /gone.usda',
    'outside /far/parts/a.usdc',
    'outside /far/parts/wood.png',
    'outside /far/usd/set.usda',
  ])
  const there = trace.files.filter((file) => file.status === 'outside')
  assert.ok(there.every((file) => outside.test(file.packPath)))

  const plan = await planPack(trace, { rewriteDir: tempDir(t) })
  const out = join(tempDir(t), 'pack')
  await packToFolder(plan, describePack(plan, trace), out)
  assert.deepEqual((await verifyPack(out)).defects, [])
})

const structs = {
  ...commonStructs,
  CacheFile: ['ID id', 'char filepath[1024]', 'char is_sequence', 'char _pad[7]'],
}

function cacheFile(dir: string): BuiltBlock[] {
  const values = { 'id.name': 'CFset', filepath: join(dir, 'far/usd/set.usda') }
  return [{ code: 'CF', address: 1, struct: 'CacheFile', values }]
}

/** A crate with nothing but its table of words; version 0.9 stores it in two LZ4 blocks, those before 0.4 plainly. */
function crate(words: readonly string[], minor: number): Buffer {
  const plain = Buffer.from(words.map((word) => `${word}\0`).join(''))
  const half = plain.length >> 1
  const stored =
    minor < 9
      ? Buffer.concat([Buffer.from([0]), literals(plain)])
      : Buffer.concat([
          Buffer.from([2]),
          ...[plain.subarray(0, half), plain.subarray(half)].flatMap((part) => {
            const block = literals(part)
            return [int32(block.length), block]
          }),
        ])
  const section =
    minor < 4
      ? Buffer.concat([int64(words.length), int64(plain.length), plain])
      : Buffer.concat([int64(words.length), int64(plain.length), int64(stored.length), stored])
  const head = Buffer.alloc(88)
  head.write('PXR-USDC')
  head.writeUInt8(minor, 9)
  head.writeBigInt64LE(BigInt(head.length + section.length), 16)
  const entry = Buffer.alloc(32)
  entry.write('TOKENS')
  entry.writeBigInt64LE(BigInt(head.length), 16)
  entry.writeBigInt64LE(BigInt(section.length), 24)
  return Buffer.concat([head, section, int64(1), entry])
}

/** An LZ4 block without a single match. */
function literals(bytes: Buffer): Buffer {
  if (bytes.length < 15) return Buffer.concat([Buffer.from([bytes.length << 4]), bytes])
  const lengths: number[] = []
  let left = bytes.length - 15
  for (; left >= 255; left -= 255) lengths.push(255)
  return Buffer.concat([Buffer.from([0xf0, ...lengths, left]), bytes])
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(value))
  return bytes
}
