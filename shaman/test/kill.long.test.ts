import { test } from 'node:test'
import { killLoop } from './support/kill-loop.ts'

// In pieces, each with a store of its own, so that any of them can be run alone: FARM_KILLS=100 FARM_SEED=7.
const perPiece = 100
const kills = Number(process.env.FARM_KILLS ?? 1000)
const firstSeed = Number(process.env.FARM_SEED ?? 1)

for (let at = 0; at < kills; at += perPiece) {
  const piece = { kills: Math.min(perPiece, kills - at), seed: firstSeed + at / perPiece }
  test(`after kills ${at + 1} to ${at + piece.kills} at random moments every acknowledged blob and checkout is there and right`, (t) =>
    killLoop(t, piece))
}
