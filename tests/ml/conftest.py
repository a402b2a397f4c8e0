"""Small models are quickest on one thread, also while other tests run beside them."""

import torch

torch.set_num_threads(1)
