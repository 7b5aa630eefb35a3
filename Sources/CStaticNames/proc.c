// The static release only, as pin.c.
#ifdef IDE_INIT_STATIC

#include <unistd.h>

// Without /proc Swift's runtime aborts in a constructor of its own ("Unable to obtain Swift runtime path"): ours runs first and says why.
__attribute__((constructor(101))) static void demandProc(void) {
    static const char message[] = "ide-init: /proc isn't mounted; mount it first: mount -t proc proc /proc\n";
    char target;
    if (readlink("/proc/self/exe", &target, 1) < 0) {
        (void)!write(STDERR_FILENO, message, sizeof message - 1);
        _exit(1);
    }
}

#endif
