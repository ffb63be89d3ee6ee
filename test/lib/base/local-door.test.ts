import { existsSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Door, enterDoor, openDoor } from '../../../src/lib/base/local-door.ts'

const doors: Door[] = []
const sockets: Socket[] = []
afterEach(() => {
  for (const door of doors.splice(0)) door.close()
  for (const socket of sockets.splice(0)) socket.destroy()
})

async function open(): Promise<Door> {
  const door = await openDoor()
  doors.push(door)
  return door
}

const keep = <S extends Socket>(socket: S): S => {
  socket.on('error', () => {})
  sockets.push(socket)
  return socket
}

const closed = (socket: Socket) => new Promise((resolve) => socket.resume().once('close', resolve))
const firstOf = (socket: Socket) =>
  new Promise<string>((resolve) => socket.once('data', (data) => resolve(`${data}`)).resume())

describe('a door inside the machine', () => {
  it('lets in who has the token, with what was said behind it, and is gone from the file system then', async () => {
    const door = await open()
    const guest = keep(await enterDoor(door.address))
    guest.write('hello')
    const host = keep(await door.caller)
    expect(await firstOf(host)).toBe('hello')
    host.write('welcome')
    expect(await firstOf(guest)).toBe('welcome')
    if ('path' in door.address.at) expect(existsSync(door.address.at.path)).toBe(false)
    await expect(enterDoor(door.address)).rejects.toThrow()
  })

  it('takes a token that comes in pieces', async () => {
    const door = await open()
    const guest = keep(connect(door.address.at))
    const token = Buffer.from(door.address.token, 'hex')
    guest.write(token.subarray(0, 5))
    await new Promise((resolve) => guest.once('connect', resolve))
    guest.write(token.subarray(5))
    expect(keep(await door.caller).destroyed).toBe(false)
  })

  it('sends away who has another token or none in time, and a crowd, and still lets the right one in', async () => {
    const door = await open()
    const strangers = Array.from({ length: 8 }, () => keep(connect(door.address.at)))
    const away = Promise.all(strangers.map(closed))
    strangers[0]!.write(Buffer.alloc(32))
    await away
    keep(await enterDoor(door.address))
    expect(keep(await door.caller).destroyed).toBe(false)
  })

  it('has a name and a token that are new each time', async () => {
    const [a, b] = [await open(), await open()]
    expect(a.address.at).not.toEqual(b.address.at)
    expect(a.address.token).not.toBe(b.address.token)
    expect(a.address.token).toMatch(/^[0-9a-f]{64}$/)
  })

  it('opens on loopback where no socket can be made in the folder for temporary files', async () => {
    const before = process.env.TMPDIR
    process.env.TMPDIR = '/nowhere/at/all'
    const door = await open().finally(() => {
      if (before === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = before
    })
    expect(door.address.at).toMatchObject({ host: '127.0.0.1', port: expect.any(Number) })
    keep(await enterDoor(door.address))
    keep(await door.caller)
  })
})
