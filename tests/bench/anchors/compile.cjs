// Reads the compiler's standard input (JSON) and writes its standard output; imports are taken from
// `node_modules` of the folder it is started in.
const fs = require("fs");
const path = require("path");
const solc = require(path.join(process.cwd(), "node_modules", "solc"));

const find = (name) => {
  try {
    return { contents: fs.readFileSync(path.join(process.cwd(), "node_modules", name), "utf8") };
  } catch (error) {
    return { error: error.message };
  }
};
const input = fs.readFileSync(0, "utf8");
fs.writeFileSync(1, solc.compile(input, { import: find }));
