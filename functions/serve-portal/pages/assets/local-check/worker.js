// The check in a thread of its own, so that the page stays alive. Each archive gets an instance of its own: what is left in
// its memory goes with it.

const module = WebAssembly.compileStreaming(fetch(new URL('../check.wasm', import.meta.url)));
// Where it fails, whoever brings an archive is told.
module.then(() => postMessage({ ready: true }), () => {});

onmessage = async ({ data: { request, archive } }) => {
  try {
    const compiled = await module;
    const page = { progress: (read, size) => postMessage({ read, size }) };
    const { exports } = await WebAssembly.instantiate(compiled, { page, ...never(compiled) });
    put(exports, 'request_room', new TextEncoder().encode(JSON.stringify(request)));
    put(exports, 'archive_room', new Uint8Array(archive));
    const length = exports.judge();
    const answer = new Uint8Array(exports.memory.buffer, exports.answer(), length);
    postMessage({ result: JSON.parse(new TextDecoder().decode(answer)) });
  } catch (error) {
    postMessage({ failed: String(error) });
  }
};

function put(exports, room, bytes) {
  const place = exports[room](bytes.length);
  new Uint8Array(exports.memory.buffer, place, bytes.length).set(bytes);
}

// The archive reader links a source of random numbers, which encrypting needs and reading never asks.
function never(compiled) {
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(compiled)) {
    if (from === 'page') continue;
    imports[from] ??= {};
    imports[from][name] = () => { throw new Error(`${name} is not at hand`); };
  }
  return imports;
}
