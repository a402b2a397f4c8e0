"""The transformers writer on a tiny model: real loading, real generation, only valid JSON."""

import json

import numpy as np
import pytest
from peft import PeftModel
from transformers import AutoModelForCausalLM

from launchopt_core.claims import CHANNELS, Draft, Facts, check, overruns, parts_in
from launchopt_ml.copywriting import Brief, WriterFailed
from launchopt_ml.copywriting.adapters import length_of
from launchopt_ml.copywriting.care import written_with_care
from launchopt_ml.copywriting.constrained import Decoder, Shape
from launchopt_ml.copywriting.generation import _read, _step
from launchopt_ml.copywriting.transformer import Row, TransformersWriter
from launchopt_ml.copywriting.vocabulary import Vocabulary
from tests.support.tiny_writer import save_tiny_prefix, save_tiny_voice, save_tiny_writer

MUG = Facts(title="BLUE MUG", description="Holds 300 ml.")
CUP = Facts(title="白瓷茶杯", language="zh-Hans")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_writer(tmp_path_factory.mktemp("writer"))


@pytest.fixture(scope="module")
def writer(folder):
    return TransformersWriter(model=str(folder))


@pytest.fixture(scope="module")
def vocabulary(writer):
    return writer._loaded.vocabulary


class Babbler:
    """Draws answers by chance under the constraint alone: what the poorest model would do."""

    def __init__(self, vocabulary, *, seed):
        self.vocabulary, self.rng = vocabulary, np.random.default_rng(seed)

    def answers(self, briefs):
        import torch

        shapes = [Shape.of(brief, self.vocabulary) for brief in briefs]
        decoder = Decoder(shapes, self.vocabulary)
        going = len(briefs)
        for _ in range(max(shape.most_tokens for shape in shapes)):
            noise = self.rng.normal(size=(going, len(self.vocabulary))) * 5
            done = decoder.follow(decoder.restrict(torch.tensor(noise)).argmax(dim=1))
            going -= int(done.sum())
            if not going:
                break
        assert not going
        return decoder.texts()


class TestConstrainedDecoding:
    @pytest.mark.parametrize("channel", CHANNELS)
    @pytest.mark.parametrize("facts", [MUG, CUP], ids=["english", "chinese"])
    def test_whatever_the_model_wants_the_answer_is_the_object_within_its_limits(
        self, vocabulary, channel, facts
    ):
        briefs = [Brief(facts=facts, channel=channel)] * 6
        for text in Babbler(vocabulary, seed=1).answers(briefs):
            stated = json.loads(text)
            assert list(stated) == list(parts_in(channel))
            assert all(words.strip() for words in stated.values())
            assert overruns(Draft(**stated), channel=channel) == ()

    def test_the_order_of_an_answer_is_forced(self, vocabulary):
        shape = Shape.of(Brief(facts=MUG), vocabulary)
        spelled = [vocabulary.spelled(ids).decode() for ids in shape.literals]
        assert spelled[0] == '{"headline": "'
        assert spelled[-1] == '"}'

    def test_a_text_is_spelled_exactly(self, vocabulary):
        for text in ('{"body": "', "白瓷茶杯", "é…😀"):
            assert vocabulary.spelled(vocabulary.ids_of(text)).decode() == text

    def test_no_string_may_hold_a_quote_a_backslash_or_a_control_character(self, vocabulary):
        texts = [piece.text for piece in vocabulary.pieces if piece]
        assert not any(set(text) & {'"', "\\", "\n", "\x00", "\u202e"} for text in texts)

    def test_a_tokenizer_of_whole_words_is_refused(self):
        class Words:
            all_special_ids = ()

            def __len__(self):
                return 2

            def convert_ids_to_tokens(self, ids):
                return ["mug", "##s"]

        with pytest.raises(WriterFailed, match="neither byte-level nor SentencePiece"):
            Vocabulary(Words())

    def test_sentencepiece_tokens_are_bytes_too(self):
        class Pieces:
            all_special_ids = (0,)

            def __len__(self):
                return 4

            def convert_ids_to_tokens(self, ids):
                return ["<s>", "▁mug", "<0xE8>", "杯"]

        assert Vocabulary(Pieces()).tokens == [None, b" mug", b"\xe8", "杯".encode()]


class TestWriting:
    def test_nearly_all_answers_of_an_untrained_model_parse(self, writer):
        briefs = [Brief(facts=MUG, channel="google_search"), Brief(facts=CUP, channel="sms")]
        rows = writer.rows_of(briefs, candidates=10)
        texts = writer.answers(rows, seed=0)
        parsed = [json.loads(text) for text in texts]
        assert len(parsed) == 20
        assert all(set(stated) == set(parts_in("sms")) for stated in parsed)

    def test_the_same_generator_writes_the_same(self, writer):
        def write(seed):
            briefs = [Brief(facts=MUG, channel="google_search")]
            return writer.write(briefs, candidates=2, rng=np.random.default_rng(seed))

        assert write(3) == write(3)
        assert write(3) != write(4)

    def test_an_answer_does_not_depend_on_who_is_written_beside_it(self, writer):
        """Scores of the next token: alone, or read beside a longer prompt with a common start."""
        import torch

        model = writer._loaded.model
        prompts = [[9, 8, 7, 40, 41], [9, 8, 7, *range(50, 90)], [9, 8, 7, *range(50, 90)]]
        with torch.inference_mode():
            beside = _read(model, prompts, pad=0)
            _step(model, beside, torch.tensor([11, 12, 12]))
            for row, prompt in enumerate(prompts):
                more = torch.tensor([[*prompt, 11 if row == 0 else 12]])
                alone = model(input_ids=more).logits[0, -1]
                assert torch.allclose(beside.logits[row], alone, atol=1e-5)

    def test_the_chat_template_is_used(self, writer):
        loaded = writer._loaded
        ids = loaded.prompt([{"role": "user", "content": "Hi"}])
        assert loaded.tokenizer.decode(ids) == "<|user|>Hi<|end|><|assistant|>"

    def test_what_an_untrained_model_writes_never_passes_the_check_untested(self, writer):
        brief = Brief(facts=MUG, channel="google_search")
        (written,) = written_with_care(
            writer,
            [brief],
            candidates=3,
            check=lambda draft, of: check(
                draft.parts(), facts=of.facts, channel=of.channel, required=["mug"]
            ),
            rng=np.random.default_rng(0),
        )
        assert written.writer == "phrasebook"
        assert written.fallback_reason.startswith("transformers: rejected")

    def test_a_brand_voice_is_loaded_by_name_and_changes_the_words(self, folder, writer, tmp_path):
        voice = save_tiny_voice(tmp_path / "voice", model=folder)
        spoken = TransformersWriter(model=str(folder), adapter=str(voice))
        rows = writer.rows_of([Brief(facts=MUG, channel="google_search")], candidates=1)
        assert spoken.answers(rows, seed=0) != writer.answers(rows, seed=0)

    def test_a_prefix_is_read_as_peft_reads_it(self, folder, writer, tmp_path):
        """Our own cache begins with it: the scores of the next token are those of peft."""
        import torch

        voice = save_tiny_prefix(tmp_path / "prefix", model=folder)
        spoken = TransformersWriter(model=str(folder), adapter=str(voice))._loaded
        assert length_of(spoken.prefix) == 5
        prompts = [[9, 8, 7, 40, 41], [9, 8, 7, *range(50, 90)]]
        with_peft = PeftModel.from_pretrained(
            AutoModelForCausalLM.from_pretrained(folder), voice
        ).eval()
        with torch.inference_mode():
            ours = _read(spoken.model, prompts, pad=0, prefix=spoken.prefix)
            _step(spoken.model, ours, torch.tensor([11, 12]))
            for row, prompt in enumerate(prompts):
                ids = torch.tensor([[*prompt, 11 + row]])
                theirs = with_peft(input_ids=ids, attention_mask=torch.ones_like(ids))
                assert torch.allclose(ours.logits[row], theirs.logits[0, -1], atol=1e-5)
        rows = writer.rows_of([Brief(facts=MUG, channel="google_search")], candidates=1)
        changed = TransformersWriter(model=str(folder), adapter=str(voice))
        assert changed.answers(rows, seed=0) != writer.answers(rows, seed=0)

    def test_a_model_that_is_not_there_is_named(self, tmp_path):
        missing = TransformersWriter(model=str(tmp_path / "none"))
        with pytest.raises(WriterFailed, match="cannot be loaded"):
            missing.write([Brief(facts=MUG)], rng=np.random.default_rng(0))

    def test_a_prompt_without_room_for_an_answer_is_refused(self, writer):
        shape = Shape.of(Brief(facts=MUG, channel="sms"), writer._loaded.vocabulary)
        with pytest.raises(WriterFailed, match="reads 4096 tokens at most"):
            writer.answers([Row(0, [5] * 4000, shape)], seed=0)
