// Images on canvases: tiles of a sheet, and pixels that the decoder gave.
const VaeImages = (() => {
  "use strict";

  async function loaded(url) {
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    return picture;
  }

  function prepared(canvas, [height, width]) {
    canvas.width = width;
    canvas.height = height;
    // Few pixels are shown as the squares they are.
    canvas.classList.toggle("pixels", Math.max(height, width) < 64);
    return canvas.getContext("2d", { willReadFrequently: true });
  }

  function drawTile(context, sheet, columns, index, [height, width], box) {
    const [x, y, w, h] = box || [0, 0, width, height];
    const left = (index % columns) * width;
    const top = Math.floor(index / columns) * height;
    context.drawImage(sheet, left, top, width, height, x, y, w, h);
  }

  // `pixels` in [0, 1], row after row, 1 or 3 channels together.
  function drawPixels(context, pixels, [height, width, channels]) {
    const picture = context.createImageData(width, height);
    for (let i = 0; i < height * width; i++) {
      for (let k = 0; k < 3; k++)
        picture.data[4 * i + k] = Math.round(255 * pixels[i * channels + (channels === 3 ? k : 0)]);
      picture.data[4 * i + 3] = 255;
    }
    context.putImageData(picture, 0, 0);
  }

  return { loaded, prepared, drawTile, drawPixels };
})();
