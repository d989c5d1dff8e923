import { digestOf } from '@shaman-farm/shaman'
import type { UploadFile } from '@shaman-farm/shaman/client'

/** What a small studio hands in, the same in every run. */
export interface Studio {
  /** The files of the next submission: a scene saved anew, and textures of which one changes now and then. */
  nextProject(): { name: string; files: UploadFile[]; tasks: number }
}

const textures = 8
const textureBytes = 32 * 1024
const sceneBytes = 64 * 1024
const submissionsPerTexture = 20

export function openStudio(seed: number): Studio {
  const random = createRandom(seed)
  const bytes = (length: number): Uint8Array => {
    const words = new Uint32Array(length / 4)
    for (let i = 0; i < words.length; i += 1) words[i] = random() * 2 ** 32
    return new Uint8Array(words.buffer)
  }
  const shared = Array.from({ length: textures }, () => bytes(textureBytes))
  let submissions = 0
  return {
    nextProject() {
      submissions += 1
      if (submissions % submissionsPerTexture === 0) {
        shared[Math.floor(random() * textures)] = bytes(textureBytes)
      }
      const files = [
        fileOf('scene.blend', bytes(sceneBytes)),
        ...shared.map((texture, i) => fileOf(`textures/${i}.png`, texture)),
      ]
      return { name: `shot-${submissions}`, files, tasks: 2 + Math.floor(random() * 22) }
    },
  }
}

function fileOf(path: string, bytes: Uint8Array): UploadFile {
  return { path, digest: digestOf(bytes), source: { bytes } }
}

// xorshift32
function createRandom(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
