// Any thrown value becomes an error with a code, and crosses borders without what is nobody's business.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ErrorCode,
  type ErrorRecord,
  errorKinds,
  fromErrorRecord,
  isErrorCode,
  McpxError,
  toErrorRecord,
  toMcpxError,
  toPublicRecord,
} from '../../../src/lib/base/errors.ts'

const systemError = (fields: object, message = 'said by the system') => Object.assign(new Error(message), fields)
const codes = Object.keys(errorKinds) as ErrorCode[]

describe('a thrown value', () => {
  it.each([
    [{ code: 'ENOSPC' }, 'DISK_FULL'],
    [{ code: 'EDQUOT' }, 'DISK_FULL'],
    [{ code: 'EMFILE' }, 'TOO_MANY_FILES'],
    [{ code: 'ENFILE' }, 'TOO_MANY_FILES'],
    [{ code: 'EADDRINUSE' }, 'PORT_IN_USE'],
    [{ name: 'AbortError' }, 'INTERRUPTED'],
    [{ name: 'TimeoutError' }, 'CONTENT_TIMEOUT'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 13 }, 'DISK_FULL'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 11 }, 'REPO_DAMAGED'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 26 }, 'REPO_DAMAGED'],
    // SQLITE_CORRUPT_VTAB: an extended code.
    [{ code: 'ERR_SQLITE_ERROR', errcode: 267 }, 'REPO_DAMAGED'],
    [{ code: 'ERR_SQLITE_ERROR', errcode: 1 }, 'INTERNAL'],
    // The number of SQLite's says nothing in an error of somebody else.
    [{ errcode: 11 }, 'INTERNAL'],
    [{ code: 'EACCES' }, 'INTERNAL'],
  ])('with %j is %s', (fields, code) => {
    const error = systemError(fields)
    expect(toMcpxError(error)).toMatchObject({ code, cause: error })
  })

  it('that has a code already is the same', () => {
    const error = new McpxError('INVALID_CID', 'x')
    expect(toMcpxError(error)).toBe(error)
  })

  it('may be anything', () => {
    expect(toMcpxError('words')).toMatchObject({ code: 'INTERNAL', message: 'words' })
    expect(toMcpxError(undefined)).toMatchObject({ code: 'INTERNAL', message: 'undefined' })
    expect(toMcpxError(Object.create(null)).code).toBe('INTERNAL')
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (thrown) => {
        expect(isErrorCode(toMcpxError(thrown).code)).toBe(true)
      }),
    )
  })
})

describe('a record', () => {
  it('brings an error over a border as it was, but for stack and cause', () => {
    fc.assert(
      fc.property(fc.constantFrom(...codes), fc.string(), fc.option(fc.string()), (code, message, hint) => {
        const error = new McpxError(code, message, { cause: new Error('inner'), ...(hint !== null && { hint }) })
        const record = toErrorRecord(error)
        expect(Object.keys(record)).toEqual(['code', 'message', 'hint'])
        const back = fromErrorRecord(JSON.parse(JSON.stringify(record)))
        const { exit, status } = error
        expect(back).toMatchObject({ code, message, hint: error.hint, exit, status })
        expect(back.cause).toBeUndefined()
      }),
    )
  })

  it.each(['NEWER_CODE', 'toString', '__proto__', '', 7])('with the code %j, which is none, is INTERNAL', (code) => {
    const back = fromErrorRecord({ code, message: 'm', hint: 'h' } as unknown as ErrorRecord)
    expect(back).toMatchObject({ code: 'INTERNAL', message: 'm', hint: 'h', status: 500 })
  })
})

describe('what a client is told', () => {
  it('names no place on this machine where the machine failed', () => {
    const path = '/home/somebody/.mcpx/history.db'
    const failures = [
      new Error(`cannot read ${path}`),
      systemError({ code: 'ENOSPC' }, `write ${path}`),
      systemError({ code: 'EMFILE' }, `open ${path}`),
      systemError({ code: 'ERR_SQLITE_ERROR', errcode: 11 }, path),
      new McpxError('REPO_LOCKED', path),
      new McpxError('REPO_VERSION', path),
      systemError({ code: 'EADDRINUSE' }, path),
    ]
    for (const failure of failures) expect(JSON.stringify(toPublicRecord(failure))).not.toContain(path)
    expect(toPublicRecord(failures[0]).code).toBe('INTERNAL')
  })

  it('is the whole of it where the client is at fault', () => {
    expect(toPublicRecord(new McpxError('INVALID_CID', '"x" is no CID')).message).toBe('"x" is no CID')
  })
})
