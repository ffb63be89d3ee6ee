// Datagrams that the kernel threw away because nobody read them from their socket in time: proc(5), the last column of udp and udp6.
import { readFileSync } from 'node:fs'

const files = ['/proc/net/udp', '/proc/net/udp6']

/** Local port → drops, from the text of such a table. Lines in another form say nothing. */
export function parseSocketTable(text: string): Map<number, number> {
  const drops = new Map<number, number>()
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/)
    const port = Number.parseInt(fields[1]?.split(':').at(-1) ?? '', 16)
    const dropped = Number(fields.at(-1))
    if (fields.length < 13 || !Number.isInteger(port) || !Number.isSafeInteger(dropped) || dropped < 0) continue
    drops.set(port, (drops.get(port) ?? 0) + dropped)
  }
  return drops
}

/** Undefined where the system keeps no such table. */
export function readSocketDrops(): Map<number, number> | undefined {
  const texts = files.flatMap((file) => {
    try {
      return [readFileSync(file, 'latin1')]
    } catch {
      return []
    }
  })
  return texts.length > 0 ? parseSocketTable(texts.join('\n')) : undefined
}

/** Adds up what was dropped at sockets that come and go, from looks at the table. */
export class DropCounter {
  readonly #seen = new Map<number, number>()
  #total: number | null = null

  /** In all; null while nobody has said. */
  get total(): number | null {
    return this.#total
  }

  /** `ports`: of the sockets that are open. */
  look(ports: Iterable<number>, table: ReadonlyMap<number, number> | undefined): void {
    if (!table) return
    const open = new Set(ports)
    let total = this.#total ?? 0
    for (const port of open) {
      const now = table.get(port) ?? 0
      const before = this.#seen.get(port) ?? 0
      // A port that was given to another socket begins anew.
      total += now >= before ? now - before : now
      this.#seen.set(port, now)
    }
    for (const port of this.#seen.keys()) if (!open.has(port)) this.#seen.delete(port)
    this.#total = total
  }
}
