"""What tiny_vision.py has to know of a family of models with eyes."""
import dataclasses
import typing

import torch


@dataclasses.dataclass
class Family:
    config: typing.Callable
    model_type: type
    processor: typing.Callable
    images: list  # (width, height) of the two pictures
    expand: typing.Callable  # what the processor made of a picture -> its ids
    inputs: typing.Callable  # processed pictures, ids -> arguments of the model
    stages: dict  # name -> module whose output is recorded ("<": whose input)
    facts: typing.Callable  # what the processor made of a picture -> {"grid": …}
    seeds: int = 1  # of which the best is kept; more where none of them fits
    embedding: float = 0.15  # deviation; tied ones that are large repeat one id for ever
    vocabulary: int = 300
    first_text: int = 20  # smaller ids are special
    pictures: tuple = (12, 13)  # ids that stand for pictures
    start: list = dataclasses.field(default_factory=list)
    layers: str = "model.language_model.layers"
    lacks_one: str = ""  # norms that add 1 to their weight
    buffers: str = ""  # buffers that the checkpoint holds
    buffer: typing.Callable = None
    positions: typing.Callable = None  # rotary positions of a prompt with pictures
    rename: typing.Callable = None  # names as published
    nested: bool = False  # whether the processor takes the pictures of a prompt as a list of their own
    with_rows: bool = False  # whether it is asked how tiles lie
    more_prompts: typing.Callable = lambda start, text, image: {}  # as those of all families
    all_rows: bool = False  # whether the logits of every row are kept
    more: dict = dataclasses.field(default_factory=dict)  # how to make the model
    gguf: str = ""  # the projector's type in GGUF
    pixels: typing.Callable = None  # what to keep of the processor's values
    rows: typing.Callable = lambda v, facts: v.reshape(-1, v.shape[-1])  # of a stage, those of the picture
    publish: typing.Callable = lambda config: None  # spells config.json as published
    patch: typing.Callable = None  # mends the model

    def make(self):
        torch.manual_seed(0)
        return self.model_type._from_config(self.config(), attn_implementation="eager", **self.more).float().eval()

    def process(self, processor, pictures):
        more = {"return_row_col_info": True} if self.with_rows else {}
        return processor(images=[pictures] if self.nested else pictures, return_tensors="pt", **more)

    def depth(self, config):
        return config.get_text_config().num_hidden_layers
