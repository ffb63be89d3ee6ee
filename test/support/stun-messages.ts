// STUN messages as an ICE agent would write them, by hand.
import { createHmac } from 'node:crypto'

type Attribute = readonly [type: number, value: Buffer]

const written = ([type, value]: Attribute): Buffer => {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)])
}

/** With MESSAGE-INTEGRITY when there is a password. */
export function stunMessage(
  type: number,
  attributes: readonly Attribute[],
  { transaction = 'abcdefghijkl', password }: { transaction?: string; password?: string } = {},
): Buffer {
  const body = Buffer.concat(attributes.map(written))
  const header = Buffer.alloc(20)
  header.writeUInt16BE(type, 0)
  header.writeUInt16BE(body.length + (password === undefined ? 0 : 24), 2)
  header.writeUInt32BE(0x2112_a442, 4)
  header.write(transaction, 8, 'latin1')
  const signed = Buffer.concat([header, body])
  if (password === undefined) return signed
  return Buffer.concat([signed, written([8, createHmac('sha1', password).update(signed).digest()])])
}

/** A check of an agent that controls. */
export const iceCheck = (username: string, password: string): Buffer =>
  stunMessage(
    1,
    [
      [6, Buffer.from(username)],
      [0x24, Buffer.from([0x6e, 0, 0, 0])],
      [0x802a, Buffer.alloc(8, 1)],
    ],
    { password },
  )
