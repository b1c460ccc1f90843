"""Models of the real classes with random weights, built from a configuration and saved to a folder: megabytes, not gigabytes."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertModel,
    BitImageProcessorPil,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPProcessor,
    Dinov2Config,
    Dinov2Model,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    SiglipProcessor,
)

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
SPECIAL = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
EYES = {**SMALL, "image_size": 64, "patch_size": 8}


def tokenizer(length: int) -> PreTrainedTokenizerFast:
    """One token a byte, so that any text is more than unknown words."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<pad>", "<s>", "</s>", "<unk>"]
    made = Tokenizer(models.BPE({token: n for n, token in enumerate(special + alphabet)}, [], unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=length,
    )


def clip(folder: Path, *, seed: int = 0) -> Path:
    """24 dimensions, pictures and words."""
    torch.manual_seed(seed)
    text = {**SMALL, **SPECIAL, "vocab_size": 300, "max_position_embeddings": 77}
    CLIPModel(CLIPConfig(text_config=text, vision_config=EYES, projection_dim=24)).save_pretrained(folder)
    eyes = CLIPImageProcessorPil(size={"shortest_edge": 64}, crop_size={"height": 64, "width": 64})
    CLIPProcessor(image_processor=eyes, tokenizer=tokenizer(77)).save_pretrained(folder)
    return folder


def siglip(folder: Path, *, seed: int = 0) -> Path:
    """32 dimensions, pictures and words."""
    torch.manual_seed(seed)
    text = {**SMALL, **SPECIAL, "vocab_size": 300, "max_position_embeddings": 64, "projection_size": 32}
    SiglipModel(SiglipConfig(text_config=text, vision_config=EYES)).save_pretrained(folder)
    eyes = SiglipImageProcessorPil(size={"height": 64, "width": 64})
    SiglipProcessor(image_processor=eyes, tokenizer=tokenizer(64)).save_pretrained(folder)
    return folder


def dino(folder: Path, *, seed: int = 0) -> Path:
    """32 dimensions, pictures alone."""
    torch.manual_seed(seed)
    Dinov2Model(Dinov2Config(**SMALL, image_size=56, patch_size=14)).save_pretrained(folder)
    BitImageProcessorPil(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}).save_pretrained(folder)
    return folder


def reader(folder: Path, dims: int, *, seed: int = 0) -> Path:
    """Words alone, as `dims` dimensions."""
    torch.manual_seed(seed)
    body = {**SMALL, "hidden_size": dims, "vocab_size": 300, "max_position_embeddings": 80}
    BertModel(BertConfig(**body)).save_pretrained(folder)
    tokenizer(64).save_pretrained(folder)
    return folder
