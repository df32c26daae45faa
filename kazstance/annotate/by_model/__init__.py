"""Language models as annotators: asked sentence by sentence, with everything kept that was sent and that came back."""
