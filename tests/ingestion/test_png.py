"""Pictures become PNGs that anybody reads, and come back from them."""

import cv2
import numpy as np
import pytest

from ingestion.png import decoded, encoded


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 5, 3), (300, 200, 3)])
class TestAPng:
    def test_is_read_by_others(self, shape: tuple[int, ...]) -> None:
        picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)

        read = cv2.imdecode(np.frombuffer(encoded(picture), np.uint8), cv2.IMREAD_COLOR)

        assert read is not None
        assert (read[:, :, ::-1] == picture).all()

    def test_gives_the_picture_back_to_be_changed(self, shape: tuple[int, ...]) -> None:
        picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)

        back = decoded(encoded(picture))

        assert (back == picture).all()
        assert back.flags.writeable
