// Which connections have series of their own: all while they are few, else the worst. Pure: who asks brings the time.

interface ConnectionRanking {
  /** Notes the score of a connection, undefined when it is not known, and says whether it has series of its own. */
  note(id: string, score: number | undefined): boolean
  forget(id: string): void
  /** Chooses anew and says who lost theirs. */
  rank(): string[]
  /** Connections without series of their own. */
  readonly capped: number
}

/** So much better must one that has series be than one that has none before they change places. */
const marginPoints = 5

/**
 * Not known goes before bad: nobody can say that it is well. Between two rankings nobody loses their series, and whoever is new
 * gets some only while there is room for all; so series do not come and go with every score.
 */
export function createConnectionRanking(max: number): ConnectionRanking {
  const scores = new Map<string, number | undefined>()
  let shown = new Set<string>()

  const standing = (id: string) => (scores.get(id) ?? -Infinity) - (shown.has(id) ? marginPoints : 0)

  return {
    note(id, score) {
      scores.set(id, score)
      if (scores.size <= max) shown.add(id)
      return shown.has(id)
    },
    forget(id) {
      scores.delete(id)
      shown.delete(id)
    },
    rank() {
      if (scores.size <= max) return []
      const standings = new Map([...scores.keys()].map((id) => [id, standing(id)]))
      // The order of equals: who has series already, then who came first.
      const before = (a: string, b: string) => Number(shown.has(b)) - Number(shown.has(a))
      const compare = (a: string, b: string) => {
        const [left, right] = [standings.get(a)!, standings.get(b)!]
        return left === right ? before(a, b) : left - right
      }
      const next = new Set([...scores.keys()].sort(compare).slice(0, max))
      const lost = [...shown].filter((id) => !next.has(id))
      shown = next
      return lost
    },
    get capped() {
      return scores.size - shown.size
    },
  }
}
