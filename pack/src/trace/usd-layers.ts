import { dirname } from 'node:path'
import { assetsIn, mayNameAssets, type UsdAsset } from '../usd/assets.ts'
import type { Disk } from './disk.ts'
import { expand } from './expand.ts'
import type { LocatedBlend, LocatedReference } from './resolve.ts'
import { resolveStored } from './stored-path.ts'

/** Adds what USD layers name, layer by layer: a .blend names only the first. */
export function withUsdAssets(located: readonly LocatedBlend[], disk: Disk): LocatedBlend[] {
  return located.map(({ blend, references }) => {
    const all = [...references]
    const seen = new Set<string>()
    // What is added is looked into in turn.
    for (const reference of all) {
      for (const layer of layersOf(reference, disk)) {
        if (seen.has(layer)) continue
        seen.add(layer)
        for (const asset of assetsIn(layer)) all.push(referenceTo(asset, layer, reference))
      }
    }
    return { blend, references: all }
  })
}

function layersOf(reference: LocatedReference, disk: Disk): string[] {
  const { target } = reference
  if (target === undefined || !mayNameAssets(target)) return []
  return expand(reference, target, disk)
    .map(({ path }) => path)
    .filter((path) => disk.stat(path)?.isReadable)
}

function referenceTo(
  { path, isCertain }: UsdAsset,
  layer: string,
  { block, property }: LocatedReference,
): LocatedReference {
  const base = dirname(layer)
  return {
    kind: mayNameAssets(path) || /\.usdz$/i.test(path) ? 'cache' : 'image',
    stored: path,
    block,
    property,
    // `package.usdz[inner.usd]` lies in the package.
    target: resolveStored(path.replace(/\[[^\]]*\]$/, ''), base),
    expansion: /<UDIM>/.test(path) ? { as: 'tiles', tiles: [] } : { as: 'file' },
    place: { in: 'nowhere' },
    base,
    within: layer,
    ...(isCertain ? {} : { optional: true }),
  }
}
