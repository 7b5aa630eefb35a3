// Nothing to call: pin.c works by its constructor alone.
