// Small things remembered in the browser. Storage may be missing or full: then nothing is remembered.

const prefix = 'mcpx.'

export function readSetting(name: string): string | undefined {
  try {
    return localStorage.getItem(prefix + name) ?? undefined
  } catch {
    return undefined
  }
}

/** Undefined forgets it. */
export function writeSetting(name: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(prefix + name)
    else localStorage.setItem(prefix + name, value)
  } catch {
    // Private mode, or full.
  }
}
