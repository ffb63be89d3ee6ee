// Home.
export function App({ base }: { base: string }) {
  return <main>{base}</main>
}
