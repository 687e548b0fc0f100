"""ImageDecoder agrees with Pillow, the ONNX project's own reference, on images of many sizes, modes and settings."""
import io

from PIL import Image

from _nodes import *

checks = Checks()
folder = workspace()
random = np.random.default_rng(5)
cases = []


def picture(width, height):
    """A smooth picture with an edge and some noise."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    planes = [x * 255 // max(width, 2), y * 255 // max(height, 2), (x * 7 + y * 3) % 256]
    array = np.stack(planes, -1) + random.integers(-9, 10, (height, width, 3)) + (x > y)[..., None] * 40
    return Image.fromarray(np.clip(array, 0, 255).astype(np.uint8))


def add(name, image, kind, form="RGB", **settings):
    file = io.BytesIO()
    image.save(file, format=kind, **settings)
    read = Image.open(io.BytesIO(file.getvalue()))
    wanted = np.array(read.convert("RGB"))
    if form == "BGR":
        wanted = wanted[..., ::-1]
    if form == "Grayscale":
        wanted = np.array(read.convert("RGB").convert("L"))[..., None]
    cases.append((f"{kind} {name} {form} {image.size}", np.frombuffer(file.getvalue(), np.uint8), form, wanted))


for size in ((1, 1), (7, 5), (33, 64), (200, 131)):
    own = picture(*size)
    alpha = own.copy()
    alpha.putalpha(own.convert("L"))
    for form in ("RGB", "BGR", "Grayscale"):
        for kind in ("png", "jpeg", "bmp", "tiff", "ppm"):
            add("colors", own, kind, form)
        add("lossless", own, "webp", form, lossless=True)
        add("lossless", own, "jpeg2000", form)
    for mode in ("L", "1", "P"):
        for kind in ("png", "bmp", "tiff"):
            add(mode, own.convert(mode), kind)
    for mode in ("L", "1"):
        add(mode, own.convert(mode), "ppm")
    for quality in (10, 60, 97):
        for subsampling in (0, 1, 2):
            for progressive in (False, True):
                add(f"{quality} {subsampling} {progressive}", own, "jpeg", quality=quality, subsampling=subsampling,
                    progressive=progressive)
    add("gray", own.convert("L"), "jpeg")
    add("gray", own.convert("L"), "jpeg2000")
    add("no file format", own, "jpeg2000", no_jp2=True)
    add("lossy", own, "jpeg2000", quality_layers=[12], irreversible=True)
    for quality in (20, 80):
        add(f"{quality}", own, "webp", quality=quality)
    for kind in ("png", "webp", "bmp"):
        add("alpha", alpha, kind, **({"lossless": True, "exact": True} if kind == "webp" else {}))
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        add(compression, own, "tiff", compression=compression)


def run(case):
    name, encoded, form, wanted = case
    own = folder / f"{abs(hash(name))}"
    own.mkdir()
    onnx.save(node_model("ImageDecoder", [encoded], {"pixel_format": form}), own / "model.onnx")
    save_npz(own / "in.npz", {"x0": encoded})
    decant("run", own / "model.onnx", "--input", own / "in.npz", "--output", own / "out.npz")
    got = load_npz(own / "out.npz")["y0"]
    off = abs(got.astype(int) - wanted).max() if got.shape == wanted.shape else f"{got.shape} for {wanted.shape}"
    return name, off


with ThreadPoolExecutor(4) as pool:
    for name, off in pool.map(run, cases):
        # Floating-point wavelets, and JPEG's conversion of colors in TIFF, are rounded differently from version to version.
        checks.check(off == 0 or off in (1, 2) and ("lossy" in name or "tiff jpeg" in name), name, "" if off == 0 else off)
checks.finish()
