"""Makes studio pictures look like shoppers' photos: other backgrounds, light, angles, crops, blur and compression.

The encoder learns to ignore what these changes do to a vector. `probing.py` makes milder changes.
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

# These three were set by judgement, and whatever the shipped numbers learned depends on them.
SCENE_SIDE = 300  # px of a made-up scene, before it is scaled down to a photo of 90 to 230 px
_CUT_SIDE = 256  # px of the longer side of a product that is cut out, somewhat less than the scene's side
_NEAR_WHITE = 20  # grey levels: a pixel that differs from white by no more may belong to the studio's ground


class PhotoMaker:
    """Makes photos of the products in `pictures` (on white). The same seed makes the same photos."""

    def __init__(self, pictures: list[Image.Image], seed: int) -> None:
        self.pictures = pictures
        self.cuts = [cut_out(picture) for picture in pictures]
        self.random = np.random.default_rng(seed)

    def photo(self, number: int) -> Image.Image:
        """One random photo of product `number`, 90 to 230 px."""
        return self._taken(self._scene(self.cuts[number]))

    def recoloured(self, image: Image.Image) -> Image.Image:
        """The picture with its hues turned and its saturation changed, so that furniture shows every colour."""
        hsv = np.asarray(image.convert("HSV")).astype(np.float32)
        hsv[..., 0] = (hsv[..., 0] + self.random.integers(256)) % 256
        hsv[..., 1] = np.clip(hsv[..., 1] * self.random.uniform(0.6, 1.7), 0, 255)
        return Image.merge("HSV", [Image.fromarray(hsv[..., band].astype(np.uint8)) for band in range(3)]).convert(
            "RGB"
        )

    def _scene(self, cut: Image.Image) -> Image.Image:
        random = self.random
        kind = random.random()
        if kind < 0.4:  # alone in front of something
            scene = self._background()
            self._place(scene, cut, SCENE_SIDE * random.uniform(0.45, 1.15))
        elif kind < 0.6:  # a bin full of it
            scene = self._background()
            side = float(SCENE_SIDE * random.uniform(0.2, 0.5))
            for _ in range(random.integers(3, 40)):
                at = random.uniform(-0.2 * SCENE_SIDE, 0.95 * SCENE_SIDE, 2)
                self._place(scene, cut, side * random.uniform(0.9, 1.1), (int(at[0]), int(at[1])))
        elif kind < 0.85:  # a part of it, near
            scene = self._background()
            self._place(scene, cut, SCENE_SIDE * 0.98)
            window = SCENE_SIDE * random.uniform(0.2, 0.8) ** 0.5
            left, top = random.uniform(0, SCENE_SIDE - window, 2)
            scene = scene.crop((int(left), int(top), int(left + window), int(top + window)))
        else:
            scene = Image.new("RGB", (SCENE_SIDE, SCENE_SIDE), "white")
            self._place(scene, cut, SCENE_SIDE * random.uniform(0.5, 1.0))
        return scene

    def _background(self) -> Image.Image:
        random = self.random
        kind = random.random()
        if kind < 0.4:  # a collage of other products
            red, green, blue = random.integers(0, 256, 3)
            collage = Image.new("RGB", (SCENE_SIDE, SCENE_SIDE), (int(red), int(green), int(blue)))
            for _ in range(random.integers(4, 20)):
                width = int(random.integers(60, 300))
                other = self.cuts[random.integers(len(self.cuts))].resize((width, width))
                left, top = random.integers(-60, SCENE_SIDE, 2)
                collage.paste(other, (int(left), int(top)), other)
            return collage
        if kind < 0.7:  # a gradient with noise
            corners = int(random.integers(2, 5))
            coarse = Image.fromarray(random.integers(0, 256, (corners, corners, 3)).astype(np.uint8))
            smooth = np.asarray(coarse.resize((SCENE_SIDE, SCENE_SIDE), Image.Resampling.BICUBIC)).astype(np.float32)
            return as_image(smooth + random.normal(0, random.uniform(2, 18), smooth.shape))
        return self._inside_of_another()

    def _inside_of_another(self) -> Image.Image:
        random = self.random
        inner = self.pictures[random.integers(len(self.pictures))]
        side = random.uniform(0.15, 0.5) * inner.width
        left, top = random.uniform(0.2 * inner.width, 0.8 * inner.width - 0.5 * side, 2)
        inside = inner.crop((int(left), int(top), int(left + side), int(top + side)))
        return inside.resize((SCENE_SIDE, SCENE_SIDE), Image.Resampling.BILINEAR)

    def _place(self, scene: Image.Image, cut: Image.Image, side: float, at: tuple[int, int] | None = None) -> None:
        scale = side / max(cut.size)
        copy = cut.resize((max(2, int(cut.width * scale)), max(2, int(cut.height * scale))))
        if self.random.random() < 0.5:
            copy = copy.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        copy = copy.rotate(self.random.normal(0, 14), expand=True, resample=Image.Resampling.BILINEAR)
        if at is None:
            shift = self.random.normal(0, 0.1, 2) * SCENE_SIDE
            at = (int((SCENE_SIDE - copy.width) / 2 + shift[0]), int((SCENE_SIDE - copy.height) / 2 + shift[1]))
        scene.paste(copy, at, copy)

    def _taken(self, scene: Image.Image) -> Image.Image:
        """The scene through a cheap camera: gamma, white balance, exposure, contrast, light from a side, blur, JPEG."""
        random = self.random
        pixels = np.asarray(scene).astype(np.float32) / 255
        pixels = pixels ** random.uniform(0.7, 1.4) * random.uniform(0.85, 1.15, 3) * random.uniform(0.7, 1.2)
        pixels = (pixels - 0.5) * random.uniform(0.75, 1.2) + 0.5
        light = np.linspace(random.uniform(0.7, 1), random.uniform(1, 1.2), pixels.shape[1])[None, :, None]
        pixels *= light if random.random() < 0.5 else light[:, ::-1]
        side = int(random.uniform(90, 230))
        image = as_image(pixels * 255).resize((side, side), Image.Resampling.BILINEAR)
        if random.random() < 0.5:
            image = image.filter(ImageFilter.GaussianBlur(random.uniform(0, 1.2)))
        noisy = np.asarray(image).astype(np.float32) + random.normal(0, random.uniform(0, 8), (side, side, 1))
        buffer = io.BytesIO()
        as_image(noisy).save(buffer, "JPEG", quality=int(random.integers(30, 92)))
        return Image.open(buffer).convert("RGB")


def cut_out(picture: Image.Image) -> Image.Image:
    """The product as RGBA, cropped to itself: white that is connected to the border becomes transparent."""
    small = picture.convert("RGB")
    small.thumbnail((_CUT_SIDE, _CUT_SIDE))
    white = np.abs(np.asarray(small).astype(np.int16) - 255).max(axis=2) <= _NEAR_WHITE
    flooded = np.zeros_like(white)
    flooded[[0, -1]] = white[[0, -1]]
    flooded[:, [0, -1]] = white[:, [0, -1]]
    while True:
        grown = flooded.copy()
        grown[1:] |= flooded[:-1]
        grown[:-1] |= flooded[1:]
        grown[:, 1:] |= flooded[:, :-1]
        grown[:, :-1] |= flooded[:, 1:]
        grown &= white
        if (grown == flooded).all():
            break
        flooded = grown
    alpha = Image.fromarray((~flooded * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.8))
    small.putalpha(alpha)
    box = alpha.getbbox()
    return small.crop(box) if box else small


def as_image(pixels: npt.NDArray[np.floating]) -> Image.Image:
    """Pixels of any numbers as a picture: values are clipped to 0 to 255."""
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
