"""The data's way: which stages follow one another, one file a kind of pipeline. The numbers come from the config."""
