// Files that were asked for: whole or not at all, and known to be possible before the work begins.
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { McpxError, toMcpxError } from '../base/errors.ts'
import { type FileData, writeFileWhole } from '../base/write-whole.ts'

/** Throws DISK_FULL, or INVALID_OPTION that names the flag where it cannot be written. */
export async function writeWhole(path: string, cwd: string, text: FileData, flag = '--output'): Promise<void> {
  try {
    await writeFileWhole(resolve(cwd, path), text)
  } catch (error) {
    throw refusal(error, path, flag)
  }
}

/** Throws INVALID_OPTION where no file can be written: there is no such folder, or this user may not. */
export async function checkWritable(path: string, cwd: string, flag: string): Promise<void> {
  const place = resolve(cwd, path)
  try {
    const found = await stat(place).catch(() => undefined)
    if (found?.isDirectory()) throw new Error('it is a folder')
    await access(found && !found.isFile() ? place : dirname(place), constants.W_OK)
  } catch (error) {
    throw refusal(error, path, flag)
  }
}

function refusal(error: unknown, path: string, flag: string): McpxError {
  const { code, message } = toMcpxError(error)
  if (code === 'DISK_FULL')
    return new McpxError(code, `${flag} ${path}: ${message}`, {
      cause: error,
      hint: 'Free some space, or name a file on another disk.',
    })
  // The system goes on with the name of the file beside.
  const [reason] = (error as Error).message.split(', ')
  return new McpxError('INVALID_OPTION', `${flag} ${path}: ${reason}`, {
    cause: error,
    hint: 'Name a file in a folder that is there and that this user may write to.',
  })
}
