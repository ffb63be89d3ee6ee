// A list and a map that forget the oldest: the monitor holds as much after a year as after an hour.

/** The last `most` items, oldest first. */
export class Recent<T> {
  readonly #most: number
  #items: T[] = []
  #total = 0

  constructor(most: number) {
    this.#most = most
  }

  /** All that were ever added. */
  get total(): number {
    return this.#total
  }

  add(item: T): void {
    this.#total++
    this.#items.push(item)
    // Cut in pieces: shifting at every item would move all of them each time.
    if (this.#items.length > this.#most * 1.25) this.#items = this.#items.slice(-this.#most)
  }

  list(): readonly T[] {
    return this.#items.slice(-this.#most)
  }
}

/** The `most` entries that were set last. */
export class RecentMap<K, V> extends Map<K, V> {
  readonly #most: number

  constructor(most: number) {
    super()
    this.#most = most
  }

  override set(key: K, value: V): this {
    this.delete(key)
    super.set(key, value)
    if (this.size > this.#most) {
      const [oldest] = this.keys()
      this.delete(oldest as K)
    }
    return this
  }
}
