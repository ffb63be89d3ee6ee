// Whole GOPs at once: made into packets one time, for every viewer.
import type { Packetizer } from '../codec/index.ts'
import type { Gop, PacketizedFrame, PacketizedGop } from '../model/frame.ts'

/** Every frame of a GOP cut into payloads, which lie in one slab of their own: nothing of `gop` is kept alive. */
export function packetizeGop(gop: Gop, packetizer: Packetizer): PacketizedGop {
  const cut = gop.frames.map((frame) => packetizer.packetize(frame))
  let total = 0
  for (const payloads of cut) for (const payload of payloads) total += payload.length
  const slab = new Uint8Array(total)
  let at = 0
  const frames = gop.frames.map((frame, index): PacketizedFrame => {
    const start = at
    const payloads = cut[index]!.map((payload) => {
      slab.set(payload, at)
      at += payload.length
      return slab.subarray(at - payload.length, at)
    })
    return { timeS: frame.timeS, durationS: frame.durationS, isKey: frame.isKey, payloads, byteLength: at - start }
  })
  const { startS, endS, continues, isLast } = gop
  return { startS, endS, continues, isLast, byteLength: total, frames }
}
