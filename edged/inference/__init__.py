"""Models: their cards, the runtime that runs them, and the folder where they are found."""
