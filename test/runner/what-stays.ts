// Loaded into the process of each test file: when that is about to be stopped, it tells what kept it from ending.
const afterMs = Number(new URL(import.meta.url).searchParams.get('after'))
setTimeout(tell, afterMs).unref()

function tell(): void {
  const { libuv } = process.report.getReport() as unknown as { libuv: Handle[] }
  const holding = libuv.filter((handle) => handle.is_active && handle.is_referenced)
  console.error(`after ${afterMs / 1000} s it is kept open by:`, process.getActiveResourcesInfo())
  for (const handle of holding) console.error(JSON.stringify(handle))
}

interface Handle {
  type: string
  is_active: boolean
  is_referenced: boolean
}
