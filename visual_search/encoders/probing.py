"""Makes synthetic photos of the shop's products, as shoppers would take or send them, to ask the shop's own index.

They are changed less than those of `augment.py`. Those teach the encoder what to ignore; these shall look like real
questions, so that their results say what real photos will find.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from visual_search.encoders.augment import SCENE_SIDE, PhotoMaker, as_image

_SKEW = 0.08  # share of a side by which each corner moves at most; set by judgement


class ProbeMaker(PhotoMaker):
    """Two kinds of picture of product `number`: `photo` before a background, `studio` on white. 180 to 300 px."""

    def photo(self, number: int) -> Image.Image:
        return self._developed(self._before_something(self._skewed(self.cuts[number])), sharp=False)

    def studio(self, number: int) -> Image.Image:
        scene = Image.new("RGB", (SCENE_SIDE, SCENE_SIDE), "white")
        self._place(scene, self._skewed(self.cuts[number]), SCENE_SIDE * self.random.uniform(0.7, 0.98))
        return self._developed(scene, sharp=True)

    def _before_something(self, cut: Image.Image) -> Image.Image:
        random = self.random
        scene = self._background()
        kind = random.random()
        if kind < 0.6:  # alone
            self._place(scene, cut, SCENE_SIDE * random.uniform(0.6, 1.1))
        elif kind < 0.8:  # several of it
            side = float(SCENE_SIDE * random.uniform(0.35, 0.6))
            for _ in range(random.integers(4, 12)):
                left, top = random.uniform(-0.1 * SCENE_SIDE, 0.75 * SCENE_SIDE, 2)
                self._place(scene, cut, side * random.uniform(0.9, 1.1), (int(left), int(top)))
        else:  # most of it, near
            self._place(scene, cut, SCENE_SIDE * 0.98)
            window = SCENE_SIDE * random.uniform(0.5, 0.95) ** 0.5
            left, top = random.uniform(0, SCENE_SIDE - window, 2)
            scene = scene.crop((int(left), int(top), int(left + window), int(top + window)))
        return scene

    def _background(self) -> Image.Image:
        random = self.random
        if random.random() < 0.5:  # a wall in uneven light
            corners = int(random.integers(2, 5))
            coarse = Image.fromarray(random.integers(40, 216, (corners, corners, 3)).astype(np.uint8))
            wall = np.asarray(coarse.resize((SCENE_SIDE, SCENE_SIDE), Image.Resampling.BICUBIC)).astype(np.float32)
            return as_image(wall + random.normal(0, random.uniform(2, 12), wall.shape))
        return self._inside_of_another()

    def _skewed(self, cut: Image.Image) -> Image.Image:
        """The product as a camera sees it a little from the side."""
        width, height = cut.size
        x = self.random.uniform(-_SKEW, _SKEW, 4) * width + np.array([0, 0, width, width])
        y = self.random.uniform(-_SKEW, _SKEW, 4) * height + np.array([0, height, height, 0])
        corners = tuple(float(value) for pair in zip(x, y, strict=True) for value in pair)
        return cut.transform(cut.size, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR, fillcolor=(0, 0, 0, 0))

    def _developed(self, scene: Image.Image, *, sharp: bool) -> Image.Image:
        random = self.random
        pixels = np.asarray(scene).astype(np.float32) / 255
        if sharp:
            pixels = pixels ** random.uniform(0.85, 1.2)
            side = int(random.integers(200, 300))
        else:
            pixels = pixels ** random.uniform(0.8, 1.25) * random.uniform(0.92, 1.08, 3) * random.uniform(0.8, 1.15)
            pixels = (pixels - 0.5) * random.uniform(0.85, 1.15) + 0.5
            side = int(random.integers(180, 300))
        buffer = io.BytesIO()
        as_image(pixels * 255).resize((side, side), Image.Resampling.BILINEAR).save(
            buffer, "JPEG", quality=int(random.integers(50, 92))
        )
        return Image.open(buffer).convert("RGB")
