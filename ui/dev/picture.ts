import { crc32, deflateSync } from 'node:zlib'

/** A small PNG of a sky with a sun that moves by the frame: something to see in a seeded farm. */
export function drawFrame(
  frame: number,
  hue: number,
  width = 320,
  height = 180,
): Uint8Array<ArrayBuffer> {
  const rows = Buffer.alloc((width * 3 + 1) * height)
  const sun = { x: width * (0.15 + 0.7 * ((frame % 48) / 48)), y: height * 0.4, r: height * 0.14 }
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * (width * 3 + 1) + 1 + x * 3
      const inSun = Math.hypot(x - sun.x, y - sun.y) < sun.r
      const color = inSun ? [233, 190, 96] : sky(hue, y / height)
      for (let channel = 0; channel < 3; channel += 1) rows[at + channel] = color[channel]!
    }
  }
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
      chunk('IHDR', header(width, height)),
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  )
}

function sky(hue: number, depth: number): number[] {
  const phase = (hue / 360) * 2 * Math.PI
  return [0, 1, 2].map((channel) => {
    const wave = Math.cos(phase + (channel * 2 * Math.PI) / 3)
    return Math.round((70 + 45 * wave) * (1 - depth * 0.7) + 12)
  })
}

function header(width: number, height: number): Buffer {
  const bytes = Buffer.alloc(13)
  bytes.writeUInt32BE(width, 0)
  bytes.writeUInt32BE(height, 4)
  bytes.set([8, 2, 0, 0, 0], 8)
  return bytes
}

function chunk(type: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(data.length, 0)
  head.write(type, 4, 'latin1')
  const tail = Buffer.alloc(4)
  tail.writeUInt32BE(crc32(Buffer.concat([head.subarray(4), data])), 0)
  return Buffer.concat([head, data, tail])
}
