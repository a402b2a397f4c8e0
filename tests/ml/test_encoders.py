"""Encoders made from another: what each keeps of it, in how many bytes."""

import pytest
import torch
from safetensors.torch import load_file

from launchopt_ml.encoder import INT8_FILE, encoder_from, load_encoder, packaged_minilm
from launchopt_ml.encoders.files import UnfitEncoder, megabytes_of
from launchopt_ml.encoders.parts import FloatLinear, Int8Linear, Weights, in_int8
from launchopt_ml.encoders.quantised import write_int8

TEXTS = [
    "a red ceramic teapot",
    "red teapot of clay",
    "garden spade",
    "vintage heart shaped lantern with a glass door, for the garden or the kitchen table",
]


def cosines(encoder, other):
    """Of each text's two vectors."""
    return (encoder.encode(TEXTS) * other.encode(TEXTS)).sum(1)


@pytest.fixture(scope="module")
def full():
    return load_encoder()


@pytest.fixture(scope="module")
def int8_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("int8")
    write_int8(packaged_minilm(), folder)
    return folder


class TestInt8:
    def test_no_weight_is_off_by_more_than_half_a_unit(self):
        matrix = torch.randn(20, 30, generator=torch.Generator().manual_seed(0))
        whole, scale = in_int8(matrix)
        assert ((whole * scale[:, None] - matrix).abs() <= scale[:, None] * 0.5001).all()

    def test_a_product_is_near_that_of_floats_also_for_tokens_of_unlike_size(self):
        generator = torch.Generator().manual_seed(0)
        states = torch.randn(20, 64, generator=generator) * torch.logspace(-3, 3, 20)[:, None]
        matrix, bias = torch.randn(32, 64, generator=generator), torch.zeros(32)
        whole, scale = in_int8(matrix)
        found = Int8Linear(whole.t(), scale, bias)(states)
        true = states @ matrix.T
        assert ((found - true).norm(dim=1) / true.norm(dim=1)).max() < 0.02

    def test_keeps_the_vectors_in_a_quarter_of_the_bytes(self, full, int8_folder):
        assert cosines(full, encoder_from(int8_folder, name="int8")).min() > 0.99
        assert megabytes_of(int8_folder) < 0.27 * megabytes_of(packaged_minilm())

    def test_turns_back_into_floats_where_int8_has_no_quick_way(self, int8_folder):
        tensors = load_file(int8_folder / INT8_FILE)
        there = Weights(tensors, torch.device("meta"), torch.bfloat16)
        assert isinstance(there.linear("encoder.layer.0.intermediate.dense"), FloatLinear)
        here = Weights(tensors, torch.device("cpu"), torch.float32)
        assert isinstance(here.linear("encoder.layer.0.intermediate.dense"), Int8Linear)

    def test_is_not_made_twice(self, int8_folder, tmp_path):
        with pytest.raises(UnfitEncoder, match="int8 already"):
            write_int8(int8_folder, tmp_path)
