import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { openChunkCore } from '../../src/delta/fastcdc.ts'
import { assemble } from '../../src/delta/wasm/build.ts'
import { coreBase64 } from '../../src/delta/wasm/core.gen.ts'
import { fresh } from './blend-samples.ts'

// Length, start of the SHA-256, fingerprint: as published for the Remote Execution API.
const published = {
  0: [
    [
      19186,
      '0f9efa589121d5d9e9e2c4ace91337d77cae866537143f6f15a0ffd525a77c2d',
      17583755766661134474n,
    ],
    [
      19279,
      'c7c86a165573c16448cda35c9169742e85645af42be22889f8b96b8ee0ec7cb0',
      4098594969649699419n,
    ],
    [
      17354,
      'bc88521e28a8b4479cdea5f75aa721a24f3a0a7d0be903aa6d505c574e51e89d',
      2365586132076908760n,
    ],
    [
      16387,
      '4b8dac2652e4685c629d2bb1ae9d4448e676b86f2e67ca0b2fff3d9580184b79',
      16009206469796846404n,
    ],
    [
      19940,
      'c0a7062da6f2386c28e086ee0cedd5732252741269838773cff1ddb05b2df6ed',
      2473608525189754172n,
    ],
    [
      17320,
      '7fa5b12134dc75cd2ac8dc60d3a8f3c8d22f0ee9d4cf74a4aa937e2a0d2d79a5',
      2504464741100432583n,
    ],
  ],
  666: [
    [
      17635,
      'cb3a9d80a3569772d4ed331ca37ab0c862c759897b890fc1aac90a4f2ea3a407',
      17021115692437263050n,
    ],
    [
      17334,
      'd758c6b7b0b7eef1e996f8ccd17de6c645360b03a26c35541e7581348ac08944',
      8231525949846907466n,
    ],
    [
      19136,
      '24846aefd89e510594bae3e9d7d5ea5012067601512610fed126a3c57ba993f5',
      10944310959829698982n,
    ],
    [
      17467,
      'efa785e1fefb49f190e665f72fd246c1442079874508c312196da1fb3040d00b',
      13602876513398592944n,
    ],
    [
      23593,
      'a2f557bdd8d40d8faada963ad5f91ec54b10ccee7c5ae72754a65137592dc607',
      2945079350535657389n,
    ],
    [
      14301,
      'e131100b4a7147ccad19dc63c4a2fac1f5d8b644e1373eeb6803825024234efc',
      8981594897574481255n,
    ],
  ],
} as const

for (const seed of [0, 666] as const) {
  test(`FastCDC 2020 reproduces the published vectors for seed ${seed}`, () => {
    const image = readFileSync(new URL('./vectors/SekienAkashita.jpg', import.meta.url))
    const core = openChunkCore(image.length, BigInt(seed))
    core.bytes.set(image)
    const found: [number, string, bigint][] = []
    for (let at = 0; at < image.length; ) {
      const sizes = { min: 4096, avg: 16384, max: 65535 }
      const length = core.cut(at, image.length - at, sizes)
      const sha = createHash('sha256')
        .update(image.subarray(at, at + length))
        .digest('hex')
      found.push([length, sha, core.fingerprint()])
      at += length
    }
    assert.deepEqual(found, published[seed])
  })
}

test('the committed core is what its source assembles to', async () => {
  assert.equal(Buffer.from(await assemble()).toString('base64'), coreBase64)
})

test('chunk hashes are XXH64', () => {
  const core = openChunkCore(4096)
  const hashOf = (text: string): string => {
    core.bytes.set(Buffer.from(text))
    return core.hash(0, text.length).toString(16).padStart(16, '0')
  }
  assert.equal(hashOf(''), 'ef46db3751d8e999')
  assert.equal(hashOf('a'), 'd24ec4f1a98c6e5b')
  assert.equal(hashOf('abc'), '44bc2cf5ad770999')
  assert.equal(hashOf('The quick brown fox jumps over the lazy dog'), '0b242d361fda71bc')
})

test('a range of zeros is told from one with a single other byte anywhere', () => {
  const core = openChunkCore(64)
  for (let length = 1; length < 40; length++) {
    core.bytes.fill(0)
    assert.equal(core.isZero(3, length), true)
    for (let at = 0; at < length; at++) {
      core.bytes.fill(0)
      core.bytes[3 + at] = 1
      assert.equal(core.isZero(3, length), false)
    }
  }
})

test('a cut never leaves its sizes and never depends on what lies behind the longest chunk', () => {
  const sizes = { min: 1024, avg: 4096, max: 16384 }
  const core = openChunkCore(1 << 20)
  core.bytes.set(fresh(1 << 20))
  for (let at = 0; at + sizes.max < core.bytes.length; ) {
    const length = core.cut(at, core.bytes.length - at, sizes)
    assert.ok(length >= sizes.min && length <= sizes.max)
    assert.equal(core.cut(at, sizes.max, sizes), length)
    at += length
  }
})

test('bytes that never match are cut at the maximum', () => {
  const core = openChunkCore(100_000)
  core.bytes.fill(0)
  assert.equal(core.cut(0, 100_000, { min: 64, avg: 256, max: 1024 }), 1024)
})
