// What is read differently of the checker's own files; a patch that no longer fits is an error.

const patches = [
  ['/utils/constants.js', /const specLocation = .*/, `const specLocation = '${process.env.CHECKER_SPEC}'`],
  ['/utils/constants.js', /const docsDir = .*/, `const docsDir = '${process.env.CHECKER_REPORTS}'`],
  ['/utils/getQueue.js', 'interval: 1000', 'interval: 250']
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
