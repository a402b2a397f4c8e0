"""What a contact adds to a customer's chance to buy, learned on the shop's own past launches."""
