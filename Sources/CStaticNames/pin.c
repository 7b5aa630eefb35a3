// The static release only (packaging/build-static defines IDE_INIT_STATIC); otherwise this file is empty.
#ifdef IDE_INIT_STATIC

#include <nss.h>

// A static glibc still obeys the host's nsswitch.conf and loads the host's libnss_*.so, built for another glibc: a crash.
// So every database is pinned, before anything can ask one. Users that aren't in /etc/passwd are asked of `getent`.
__attribute__((constructor(101))) static void pinNameServices(void) {
    static const char *const files[] = {
        "aliases", "ethers", "group", "gshadow", "initgroups", "netgroup", "networks",
        "passwd", "protocols", "publickey", "rpc", "services", "shadow",
    };
    for (unsigned long i = 0; i < sizeof files / sizeof *files; i++)
        __nss_configure_lookup(files[i], "files");
    __nss_configure_lookup("hosts", "files dns");
}

#endif
