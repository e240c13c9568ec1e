// What is read differently of the checker's own files; a patch that no longer fits is an error.

// It asks by name for pins that are pinned, one second after it made them: a race that a busy
// machine loses. So it waits until the pin is pinned; what it then holds the answer to is its own.
const waitsAndAsks = `{
  for (let tries = 0; tries < 200 && (await client.pinsGet({ name: actualName })).count === 0; tries++) {
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return client.pinsGet({ match, name })
}`

const patches = [
  ['/utils/constants.js', /const specLocation = .*/, `const specLocation = '${process.env.CHECKER_SPEC}'`],
  ['/utils/constants.js', /const docsDir = .*/, `const docsDir = '${process.env.CHECKER_REPORTS}'`],
  ['/utils/getQueue.js', 'interval: 1000', 'interval: 100'],
  ['/checks/get/matchPin.js', 'client.pinsGet({ match, name })', waitsAndAsks]
]

export async function load (url, context, next) {
  const loaded = await next(url, context)
  const wanted = patches.filter(([name]) => url.endsWith(`pinning-service-compliance/dist/src${name}`))
  for (const [name, from, to] of wanted) {
    const before = loaded.source.toString()
    loaded.source = before.replace(from, to)
    if (loaded.source === before) throw new Error(`${name} is not what it was`)
  }
  return loaded
}
