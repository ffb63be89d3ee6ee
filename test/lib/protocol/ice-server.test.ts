import { describe, expect, it } from 'vitest'
import { parseIceServer } from '../../../src/lib/protocol/ice-server.ts'

describe('a server that is refused', () => {
  it.each(['turn:u:hunter2@x:9', 'turn:x?username=u&password=hunter2', 'http://u:hunter2@x', 'u:hunter2@x'])(
    'keeps the password of %s out of the message',
    (text) => {
      expect(() => parseIceServer(text)).toThrow(
        expect.objectContaining({ code: 'INVALID_OPTION', message: expect.not.stringContaining('hunter2') }),
      )
    },
  )
})
