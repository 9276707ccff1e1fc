// Labels of one picture in onnxruntime-web: node segment.js MODEL.onnx INPUT.f32 OUTPUT.bin N 3 H W
// INPUT.f32: float32 as the metadata say; OUTPUT.bin: the model's output as it is. In a page only the reading differs.
const fs = require('node:fs');
const ort = require('onnxruntime-web');

async function main([model, input, output, ...shape]) {
  ort.env.wasm.numThreads = 1; // more need a page with cross-origin isolation
  const session = await ort.InferenceSession.create(fs.readFileSync(model));
  const bytes = fs.readFileSync(input);
  const pixels = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const found = await session.run({ image: new ort.Tensor('float32', pixels, shape.map(Number)) });
  const labels = found[session.outputNames[0]];
  fs.writeFileSync(output, Buffer.from(labels.data.buffer, labels.data.byteOffset, labels.data.byteLength));
  console.log(`${labels.type} ${labels.dims.join('x')}`);
}

main(process.argv.slice(2));
