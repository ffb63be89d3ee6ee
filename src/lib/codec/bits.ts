// Reads bit fields of codec headers. Past the end it reads zeros, so that a short header is the caller's one check.

export class BitReader {
  readonly #data: Uint8Array
  #bit = 0

  constructor(data: Uint8Array, offset = 0) {
    this.#data = data
    this.#bit = offset * 8
  }

  /** True once more bits were read than there are. */
  get isPastEnd(): boolean {
    return this.#bit > this.#data.length * 8
  }

  /** The next `count` bits (at most 32) as an unsigned number. */
  read(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) {
      const byte = this.#data[this.#bit >> 3] ?? 0
      value = value * 2 + ((byte >> (7 - (this.#bit & 7))) & 1)
      this.#bit++
    }
    return value
  }

  flag(): boolean {
    return this.read(1) === 1
  }
}
