"""Encoders made from another: what each keeps of it, in how many bytes."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertModel

from launchopt_ml.backtest import Trial
from launchopt_ml.encoder import INT8_FILE, encoder_from, load_encoder, model_of, packaged_minilm
from launchopt_ml.encoders import files
from launchopt_ml.encoders.compared import QUALITY, costs, is_gain, likeness, timings
from launchopt_ml.encoders.distilled import mixtures, write_student
from launchopt_ml.encoders.files import UnfitEncoder, megabytes_of
from launchopt_ml.encoders.parts import FloatLinear, Int8Linear, Weights, in_int8
from launchopt_ml.encoders.pruned import write_pruned
from launchopt_ml.encoders.quantised import write_int8
from launchopt_ml.interest.episodes import Episode
from launchopt_ml.shop import days
from tests.ml.shops import START, TOPICS, shop_of_tastes

TEXTS = [
    "a red ceramic teapot",
    "red teapot of clay",
    "garden spade",
    "vintage heart shaped lantern with a glass door, for the garden or the kitchen table",
]


def small_bert(folder):
    """A BERT of three narrow layers with weights by chance, and the words of the packaged one."""
    files.copy_beside(packaged_minilm(), folder)
    settings = BertConfig(
        hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64
    )
    torch.manual_seed(0)
    BertModel(settings).save_pretrained(folder)
    return folder


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


WORDS = np.array(sorted({word for topic in TOPICS for word in topic.split()}))


@pytest.fixture(scope="module")
def titles():
    """Sixty texts of two to five words."""
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(WORDS, rng.integers(2, 6))) for _ in range(60)]


@pytest.fixture
def small(tmp_path):
    """The folder of a small BERT."""
    return small_bert(tmp_path / "small")


def changed(folder, change):
    """The model in a folder after `change` worked on it."""
    model = model_of(folder)
    with torch.no_grad():
        change(model)
    model.save_pretrained(folder)


def read(folder, texts, *, name="one"):
    return encoder_from(folder, name=name).encode(texts)


class TestPruned:
    def test_neurons_that_say_what_others_say_are_not_missed(self, small, titles, tmp_path):
        def repeat(model):
            for layer in model.encoder.layer:
                widen, narrow = layer.intermediate.dense, layer.output.dense
                widen.weight[32:], widen.bias[32:] = widen.weight[:32], widen.bias[:32]
                narrow.weight[:, 32:] *= 0.5

        changed(small, repeat)
        card = write_pruned(small, tmp_path / "half", texts=titles, keep=0.5)
        assert card["inner_neurons"] == 32
        cosine = (read(small, titles) * read(tmp_path / "half", titles)).sum(1)
        assert cosine.min() > 0.999

    def test_leaves_out_the_layer_that_changes_nothing(self, small, titles, tmp_path):
        def silence(model):
            for part in (model.encoder.layer[1].attention.output, model.encoder.layer[1].output):
                part.dense.weight[:], part.dense.bias[:] = 0, 0

        changed(small, silence)
        card = write_pruned(small, tmp_path / "two", texts=titles, keep=1.0, layers=2)
        assert card["layers_left_out"] == [1]
        np.testing.assert_allclose(read(small, titles), read(tmp_path / "two", titles), atol=1e-4)

    def test_transformers_reads_what_is_left(self, small, titles, tmp_path):
        write_pruned(small, tmp_path / "less", texts=titles, keep=0.25, layers=1)
        model = model_of(tmp_path / "less")
        assert model.config.num_hidden_layers == len(model.encoder.layer) == 1
        assert model.config.intermediate_size == 16

    @pytest.mark.parametrize("asked", [{"keep": 0}, {"keep": 1.5}, {"layers": 9}])
    def test_refuses_what_leaves_nothing_or_more(self, small, titles, tmp_path, asked):
        with pytest.raises(UnfitEncoder, match="Keep a share"):
            write_pruned(small, tmp_path / "no", texts=titles, **asked)

    def test_goes_by_more_than_a_handful_of_texts(self, small, tmp_path):
        with pytest.raises(UnfitEncoder, match="2 texts"):
            write_pruned(small, tmp_path / "no", texts=["a", "b", "a", ""])


class TestStudent:
    def test_learns_to_say_what_the_teacher_says_of_texts_it_was_not_taught(
        self, small, titles, tmp_path
    ):
        def spread(model):  # else every text of such a small network means nearly the same
            for layer in model.encoder.layer:
                layer.intermediate.dense.weight *= 10
                layer.output.dense.weight *= 10

        changed(small, spread)
        taught = [
            write_student(small, tmp_path / f"s{steps}", texts=titles, layers=1, steps=steps)
            for steps in (1, 60)
        ]
        assert taught[1]["held_out_cosine"] > taught[0]["held_out_cosine"] + 0.01
        assert model_of(tmp_path / "s60").config.num_hidden_layers == 1

    def test_is_the_same_under_the_same_seed(self, small, titles, tmp_path):
        for name in ("a", "b"):
            write_student(small, tmp_path / name, texts=titles, layers=1, steps=3, seed=5)
        np.testing.assert_array_equal(read(tmp_path / "a", titles), read(tmp_path / "b", titles))

    def test_is_taught_on_words_of_the_shop_alone(self):
        mixed = mixtures(["red cup", "blue pan"], count=50, rng=np.random.default_rng(0))
        assert len(mixed) == 50
        assert {word for text in mixed for word in text.split()} == {"red", "cup", "blue", "pan"}
        assert mixtures(["red cup"], count=-3, rng=np.random.default_rng(0)) == []


class TestCompared:
    class Counting:
        """An encoder that moves a clock on by what a text costs."""

        def __init__(self, clock, cost):
            self.name, self.width, self.clock, self.cost = "counting", 2, clock, cost

        def encode(self, texts):
            self.clock[0] += self.cost * len(texts)
            return np.zeros((len(texts), 2), dtype=np.float32)

    def test_counts_how_often_as_fast_and_how_many_a_second(self):
        now = [0.0]
        slow, quick = self.Counting(now, 0.1), self.Counting(now, 0.025)
        found = timings(
            {"whole": slow, "quick": quick}, ["a"] * 20, against="whole", clock=lambda: now[0]
        )
        assert found["quick"].ratio == pytest.approx(4)
        assert found["whole"].texts_per_second == pytest.approx(10)

    def test_equal_vectors_are_alike_and_keep_all_their_neighbours(self):
        vectors = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        assert likeness(vectors, whole=vectors) == {
            "cosine": 1.0,
            "lowest_cosine": 1.0,
            "neighbours_kept": 1.0,
        }
        assert likeness(vectors[:, :5], whole=vectors).keys() == {"neighbours_kept"}

    def test_another_reading_of_the_same_vectors_changes_no_prediction(self):
        shop = shop_of_tastes(customers=120, products=60)
        trial = Trial(Episode(START + days(180), 40), 2)
        found = costs(shop, {"same": shop.products.embedding}, [trial])
        for measure in QUALITY:
            assert found["by"]["same"][measure] == found["whole"][measure]
            assert found["by"]["same"]["difference"][measure]["interval"] == [0, 0]
        assert not is_gain(found["by"]["same"]["difference"])
