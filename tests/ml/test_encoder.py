"""The packaged encoder: its file, its vectors, their order."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_ml.encoder import (
    EncoderUnavailable,
    PaddedModel,
    batches_by_length,
    check_digest,
    load_encoder,
    model_of,
    packaged_minilm,
)
from launchopt_ml.packed_bert import PackedBert

TEXTS = ["a red ceramic teapot", "", "red teapot of clay", "garden spade", "红色茶壶"]


@pytest.fixture(scope="module")
def encoder():
    return load_encoder()


class TestSentenceEncoder:
    def test_gives_rows_of_length_one(self, encoder):
        vectors = encoder.encode(TEXTS)
        assert vectors.shape == (5, 384)
        assert vectors.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-5)

    def test_keeps_the_order_of_the_texts(self, encoder):
        forwards, backwards = encoder.encode(TEXTS), encoder.encode(TEXTS[::-1])
        np.testing.assert_allclose(backwards[::-1], forwards, atol=1e-5)

    def test_a_teapot_is_nearer_to_a_teapot_than_to_a_spade(self, encoder):
        teapot, _, clay, spade, _ = encoder.encode(TEXTS)
        assert teapot @ clay > teapot @ spade + 0.2

    def test_equal_texts_get_equal_vectors(self, encoder):
        first, second = encoder.encode(["same", "same"])
        np.testing.assert_array_equal(first, second)

    def test_the_packed_way_gives_what_transformers_gives(self, encoder):
        texts = [*TEXTS, *(" ".join(["spade"] * count) for count in (1, 2, 2, 7, 40, 300))]
        padded = replace(encoder, body=PaddedModel(model_of(packaged_minilm()), encoder.tokenizer))
        assert isinstance(encoder.body, PackedBert)
        np.testing.assert_allclose(encoder.encode(texts), padded.encode(texts), atol=1e-5)

    def test_the_same_way_serves_bfloat16_as_on_a_gpu(self, encoder):
        half = load_encoder(device="cpu", dtype="bfloat16").encode(TEXTS[:3])
        assert half.dtype == np.float32
        assert (half * encoder.encode(TEXTS[:3])).sum(1).min() > 0.999

    def test_takes_no_texts(self, encoder):
        assert encoder.encode([]).shape == (0, 384)

    def test_cuts_a_text_of_two_megabytes(self, encoder):
        assert np.isfinite(encoder.encode(["tea " * 500_000])).all()


class TestBatchesByLength:
    @given(st.lists(st.integers(1, 60), max_size=50), st.integers(60, 300))
    def test_holds_every_text_once_within_the_bound(self, lengths, bound):
        sizes = np.array(lengths, dtype=int)
        batches = list(batches_by_length(sizes, batch_tokens=bound))
        assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
        assert all(len(batch) * sizes[batch].max() <= bound for batch in batches)


class TestLoadEncoder:
    def test_refuses_a_file_that_is_not_the_promised_one(self, tmp_path):
        file = tmp_path / "model.safetensors"
        file.write_bytes(b"other")
        with pytest.raises(EncoderUnavailable, match=hashlib.sha256(b"other").hexdigest()):
            check_digest(file, expected="0" * 64)

    def test_names_the_folder_that_is_not_there(self, tmp_path):
        with pytest.raises(EncoderUnavailable, match="nowhere"):
            load_encoder(str(tmp_path / "nowhere"))
