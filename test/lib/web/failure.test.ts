import { describe, expect, it } from 'vitest'
import { errorKinds } from '../../../src/lib/base/errors.ts'
import { failureOfAnswer, failureOfClose, failureOfNote, failures } from '../../../src/web/player/failure.ts'
import { readAnswerError } from '../../../src/web/shared/answer.ts'

describe('the words for a refused offer', () => {
  it('say for every error of the catalogue what happened and what to do', () => {
    for (const [code, { status }] of Object.entries(errorKinds)) {
      const failure = failureOfAnswer({ status, code, message: 'what happened', hint: 'what to do' })
      expect(failure.title.length, code).toBeGreaterThan(3)
      expect(failure.hint.length, code).toBeGreaterThan(3)
      expect(failure.detail).toBe('what happened')
      expect(failure.code).toBe(code)
    }
  })

  it('ask for a token on 401, with or without a code', () => {
    expect(failureOfAnswer({ status: 401 }).kind).toBe('token')
    expect(failureOfAnswer({ status: 401, code: 'UNAUTHORIZED' }).kind).toBe('token')
  })

  it('try again by themselves where time may help, and not where it cannot', () => {
    const kindOf = (status: number, code: string) => failureOfAnswer({ status, code }).kind
    for (const [status, code] of [
      [503, 'TOO_MANY_STREAMS'],
      [429, 'RATE_LIMITED'],
      [504, 'CONTENT_TIMEOUT'],
      [502, 'X'],
    ] as const)
      expect(kindOf(status, code), code).toBe('temporary')
    for (const [status, code] of [
      [404, 'CONTENT_NOT_FOUND'],
      [415, 'NOT_MEDIA'],
      [415, 'ENCODER_MISSING'],
      [400, 'INVALID_CID'],
    ] as const)
      expect(kindOf(status, code), code).toBe('final')
  })

  it('tell a missing encoder from content that is no media, although both are 415', () => {
    expect(failureOfAnswer({ status: 415, code: 'ENCODER_MISSING' }).hint).toContain('node-av')
    expect(failureOfAnswer({ status: 415, code: 'NOT_MEDIA' }).title).toContain('not media')
  })

  it('offer the files of a folder to choose from, and say so plainly when none were named', () => {
    const files = ['bafy/a.mp4', 'bafy/b.mkv']
    expect(failureOfAnswer({ status: 409, code: 'AMBIGUOUS_CONTENT', files })).toMatchObject({ kind: 'choice', files })
    expect(failureOfAnswer({ status: 409, code: 'AMBIGUOUS_CONTENT', hint: 'add the path' })).toMatchObject({
      kind: 'final',
      hint: 'add the path',
    })
  })

  it('wait for a daemon behind the server, and not for a codec', () => {
    const kindOf = (code: string) => failureOfNote({ code, message: 'x', hint: 'y' }).kind
    expect(kindOf('KUBO_UNREACHABLE')).toBe('temporary')
    expect(kindOf('CODEC_UNSUPPORTED')).toBe('final')
  })

  it('have something to say about a status nobody expected', () => {
    expect(failureOfAnswer({ status: 418 })).toMatchObject({ kind: 'final', code: 'HTTP_418' })
  })
})

describe('a stream that the server closes', () => {
  it('comes back by itself unless somebody asked for the end', () => {
    expect(failureOfClose('server_stopped')).toBe(failures.serverGone)
    expect(failureOfClose('ice_failed')?.kind).toBe('temporary')
    expect(failureOfClose('content_failed')?.kind).toBe('temporary')
    expect(failureOfClose('requested')).toBeUndefined()
  })

  it('shows an error note with the words of its code', () => {
    const note = { code: 'CONTENT_TIMEOUT', message: 'block x did not come', hint: 'h' }
    expect(failureOfNote(note)).toMatchObject({ kind: 'temporary', detail: note.message })
    expect(failureOfNote({ code: 'NEW', message: 'm', hint: 'h' })).toMatchObject({
      title: 'Something went wrong',
      hint: 'h',
    })
  })
})

describe('reading the answer of the server', () => {
  it('takes problem details', () => {
    const body = JSON.stringify({
      title: 'NOT_MEDIA',
      status: 415,
      detail: 'x is a text',
      code: 'NOT_MEDIA',
      hint: 'h',
    })
    expect(readAnswerError(body)).toEqual({ code: 'NOT_MEDIA', message: 'x is a text', hint: 'h' })
  })

  it('takes the form of the API', () => {
    const body = JSON.stringify({ success: false, error: 'too large', code: 'MESSAGE_TOO_LARGE', hint: 'h' })
    expect(readAnswerError(body)).toEqual({ code: 'MESSAGE_TOO_LARGE', message: 'too large', hint: 'h' })
  })

  it('finds the files of a folder in the lines under the message', () => {
    const detail = 'bafyX holds 9 playable files:\n  bafyX/one.mp4\n  bafyX/two 2.mkv\n  … and 7 more'
    expect(readAnswerError(JSON.stringify({ code: 'AMBIGUOUS_CONTENT', detail, hint: '' }))).toEqual({
      code: 'AMBIGUOUS_CONTENT',
      message: 'bafyX holds 9 playable files:',
      files: ['bafyX/one.mp4', 'bafyX/two 2.mkv'],
    })
  })

  it('makes a message of a short text and nothing of a page of HTML', () => {
    expect(readAnswerError('Bad gateway')).toEqual({ message: 'Bad gateway' })
    expect(readAnswerError('<html>…')).toEqual({})
    expect(readAnswerError('[1]')).toEqual({})
    expect(readAnswerError('null')).toEqual({})
  })
})
