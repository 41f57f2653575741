"""How the starter weights and the samples are made; nothing here is needed to use them."""
