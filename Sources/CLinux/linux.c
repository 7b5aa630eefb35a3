#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <unistd.h>

const int linuxNoAccessTime = O_NOATIME;
const int linuxUnnamedFile = O_TMPFILE;
const int linuxSpawnSession = POSIX_SPAWN_SETSID;

int linuxPipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
int linuxExchange(int directory, const char *one, int other, const char *another) {
    return renameat2(directory, one, other, another, RENAME_EXCHANGE);
}
static int signalDescriptor = -1;

static void tell(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    (void)!write(signalDescriptor, &byte, 1);
    errno = saved;
}

int linuxCatchSignals(int descriptor, const int *signals, int count) {
    struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART | SA_RESETHAND};
    signalDescriptor = descriptor;
    for (int index = 0; index < count; index++)
        if (sigaction(signals[index], &action, NULL) != 0) return -1;
    return 0;
}

int linuxSyncFileSystem(int descriptor) { return syncfs(descriptor); }
