// Only what libsystemd 222 has (its map of symbols, LIBSYSTEMD_222): that much is everywhere.
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
