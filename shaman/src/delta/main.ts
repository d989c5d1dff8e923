export {
  algorithmFor,
  type ChunkAlgorithm,
  chunkAlgorithms,
  deltaSizes,
  isChunkAlgorithm,
} from './algorithms.ts'
export { applyRecipe } from './apply.ts'
export { type ChunkMap, decodeChunkMap, encodeChunkMap } from './chunk-map.ts'
export { type Chunker, createChunker } from './chunker.ts'
export { type Base, type Difference, diff, literalShare } from './diff.ts'
export { DeltaError, type DeltaErrorCode } from './errors.ts'
export { createLiteralCoder, openLiterals } from './literals.ts'
export {
  literalBytes,
  type Recipe,
  type RecipeOp,
  recipeLimits,
  recipeMediaType,
} from './recipe.ts'
export { decodeRecipe, encodeRecipe, maxRecipeHeadBytes, recipeHeadLength } from './recipe-codec.ts'
