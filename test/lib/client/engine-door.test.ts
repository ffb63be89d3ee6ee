import { expect, it } from 'vitest'
import { engineDoor } from '../../../src/lib/client/engine-door.ts'
import type { Quality } from '../../../src/lib/model/quality.ts'

function engineThat({ refuses }: { refuses?: Error } = {}) {
  const asked: unknown[] = []
  const engine = {
    async open(request: object) {
      asked.push(request)
      return { id: 's', state: 'waiting' }
    },
    async acceptOffer(id: string, sdp: string) {
      asked.push([id, sdp])
      if (refuses) throw refuses
      return { sdp: 'an answer', iceServers: [] }
    },
    async close(id: string) {
      asked.push(`close ${id}`)
      throw new Error('it was over already')
    },
  }
  return { engine, asked }
}

it('opens what is asked for, as whoever asks, and closes it', async () => {
  const { engine, asked } = engineThat()
  const ids: string[] = []
  const { door, opened } = engineDoor(engine, { owner: 'me', loop: true, onOpen: (id) => ids.push(id) })
  const session = await door.open({ content: 'bafy', quality: 'low' as Quality }, 'an offer')
  expect([session.answer, ids]).toEqual(['an answer', ['s']])
  expect(opened()).toEqual({ stream: { id: 's', state: 'waiting' }, answer: 'an answer' })
  await expect(session.close()).rejects.toThrow('over already')
  expect(asked).toEqual([{ owner: 'me', loop: true, content: 'bafy', quality: 'low' }, ['s', 'an offer'], 'close s'])
})

it('closes what could not be connected, and says why that was', async () => {
  const refuses = new Error('no such offer')
  const { engine, asked } = engineThat({ refuses })
  const { door, opened } = engineDoor(engine, { owner: 'me' })
  await expect(door.open({ content: 'bafy' }, 'an offer')).rejects.toBe(refuses)
  expect(asked.at(-1)).toBe('close s')
  expect(opened()).toBeUndefined()
})
