"""The Edge TPU: the process that holds the device, our end of it, and who watches over both."""
