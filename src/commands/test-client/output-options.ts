// What becomes of the result of `mcpx test-client`.

export const outputOptions = {} as const
