// What another server answers, as text: it may send for ever.

/** The longest SDP answer that is read; a real one has a few thousand bytes. */
export const maxSdpBytes = 256 * 1024

/** The first so many bytes of the body; what is longer is cut off and its connection ended. */
export async function textUpTo(response: Response, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    parts.push(part)
    size += part.byteLength
    // Leaving the loop ends the connection.
    if (size >= maxBytes) break
  }
  return Buffer.concat(parts).subarray(0, maxBytes).toString()
}

/** Longest JSON of a server that is parsed. */
const maxJsonBytes = 64 * 2 ** 20

/** The body as JSON. Throws SyntaxError where it is none, or longer than a server of ours would answer. */
export const jsonOf = async (response: Response): Promise<unknown> => JSON.parse(await textUpTo(response, maxJsonBytes))
