"""How good a model is: folders of labelled sound, and the figures that are drawn from scores."""
