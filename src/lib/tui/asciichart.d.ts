// The one function of asciichart that is used here; the package brings no types.
declare module 'asciichart' {
  const asciichart: {
    plot(
      series: readonly number[],
      options?: { height?: number; min?: number; max?: number; format?(value: number): string },
    ): string
  }
  export default asciichart
}
