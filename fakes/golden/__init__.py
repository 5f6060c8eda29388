"""Items and sets without a fault, the same with one fault each, and how well the rules tell them apart."""
