import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DtlsGuard } from '../../../../src/lib/webrtc/dtls/dtls-guard.ts'

const recorded = readFileSync(new URL('../corpus/dtls.hex', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => /^[0-9a-f]+$/.test(line))
  .map((line) => Buffer.from(line, 'hex'))

function record(type: number, epoch: number, body: Buffer): Buffer {
  const header = Buffer.from([type, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 1, 0, 0])
  header.writeUInt16BE(body.length, 11)
  return Buffer.concat([header, body])
}

function fragment(type: number, length: number, offset: number, part: Buffer): Buffer {
  const header = Buffer.alloc(12)
  header[0] = type
  header.writeUIntBE(length, 1, 3)
  header.writeUIntBE(offset, 6, 3)
  header.writeUIntBE(part.length, 9, 3)
  return Buffer.concat([header, part])
}

const guardOf = (onAlert: (record: Buffer) => void = () => {}) => new DtlsGuard(onAlert)
const hello = record(22, 0, fragment(1, 20, 0, Buffer.alloc(20)))
const finished = record(22, 1, Buffer.alloc(48))
const application = record(23, 1, Buffer.alloc(60))

describe('the guard of DTLS', () => {
  it('passes a handshake and what follows it untouched', () => {
    const guard = guardOf()
    for (const datagram of recorded) expect(guard.admit(datagram, false)).toBe(datagram)
    expect(guard.admit(application, true)).toBe(application)
  })

  it.each([
    ['a fragment of 16 MiB', record(22, 0, fragment(11, 0xff_ffff, 0, Buffer.alloc(1)))],
    ['a fragment behind its message', record(22, 0, fragment(11, 10, 9, Buffer.alloc(2)))],
    ['a fragment that ends behind its record', record(22, 0, fragment(11, 10, 0, Buffer.alloc(10)).subarray(0, 20))],
    ['a record without a fragment', record(22, 0, Buffer.alloc(0))],
    ['data in the clear', record(23, 0, Buffer.alloc(60))],
    ['an encrypted handshake message that is not Finished', record(22, 1, Buffer.alloc(200))],
    ['an alert that is long', record(21, 0, Buffer.alloc(3))],
    ['another type', record(24, 0, Buffer.alloc(3))],
    ['a record that ends behind its datagram', application.subarray(0, 40)],
    ['less than a header', Buffer.from([22, 0xfe, 0xfd])],
  ])('refuses %s', (_name, datagram) => {
    expect(guardOf().admit(datagram, false)).toBeUndefined()
  })

  it('takes nothing in the clear once the handshake is over, but Finished that is sent again', () => {
    const guard = guardOf()
    expect(guard.admit(hello, true)).toBeUndefined()
    expect(guard.admit(record(21, 0, Buffer.from([1, 0])), true)).toBeUndefined()
    expect(guard.admit(Buffer.concat([hello, record(20, 0, Buffer.from([1])), finished]), true)).toEqual(finished)
  })

  it('gives encrypted alerts to who can open them, and to nobody else', () => {
    const alerts: Buffer[] = []
    const guard = guardOf((alert) => alerts.push(alert))
    const alert = record(21, 1, Buffer.alloc(26))
    expect(guard.admit(Buffer.concat([application, alert]), true)).toEqual(application)
    expect(guard.admit(record(21, 1, Buffer.from([1, 0])), true)).toBeUndefined()
    expect(alerts).toEqual([alert])
  })

  it('takes so many ClientHellos, messages and bytes, and no more', () => {
    const admitted = (datagram: Buffer, isConnected = false) => {
      const guard = guardOf()
      return Array.from({ length: 1000 }, () => guard.admit(datagram, isConnected)).filter(Boolean).length
    }
    expect(admitted(hello)).toBe(32)
    expect(admitted(record(22, 0, fragment(11, 20_000, 0, Buffer.alloc(10))))).toBe(160)
    expect(admitted(record(22, 0, fragment(11, 20_000, 0, Buffer.alloc(16_000))))).toBe(8)
    expect(admitted(finished, true)).toBe(32)
    expect(admitted(application, true)).toBe(1000)
  })

  it('gives whole records of what came, whatever came', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...recorded, application, finished),
        fc.array(fc.tuple(fc.nat(300), fc.nat(255)), { maxLength: 6 }),
        fc.uint8Array({ maxLength: 100 }),
        fc.boolean(),
        (datagram, changes, tail, isConnected) => {
          const packet = Buffer.concat([datagram, tail])
          for (const [at, value] of changes) packet[at % packet.length] = value
          const admitted = guardOf().admit(packet, isConnected)
          expect(admitted?.length ?? 0).toBeLessThanOrEqual(packet.length)
          if (admitted) expect(guardOf().admit(admitted, isConnected)).toBe(admitted)
        },
      ),
    )
  })
})
