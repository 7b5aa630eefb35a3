#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <linux/vm_sockets.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

const int linuxNoAccessTime = O_NOATIME;
const int linuxUnnamedFile = O_TMPFILE;

int linuxForbidCoreDump(void) { return prctl(PR_SET_DUMPABLE, 0); }
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

int linuxCatchSignals(int descriptor, const int *signals, int count, int once) {
    struct sigaction action = {.sa_handler = tell, .sa_flags = SA_RESTART | (once ? SA_RESETHAND : 0)};
    signalDescriptor = descriptor;
    for (int index = 0; index < count; index++)
        if (sigaction(signals[index], &action, NULL) != 0) return -1;
    return 0;
}

int linuxReadToEnd(int descriptor) {
    char *words[] = {"cat", NULL}, *environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t process;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, descriptor, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    int result = posix_spawn(&process, "/bin/cat", &actions, &attributes, words, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return result;
}

int linuxStartDetached(char *const words[], int kept, int as) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t process;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, kept, as);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, as + 1);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    int result = posix_spawn(&process, "/proc/self/exe", &actions, &attributes, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (result == 0) return process;
    errno = result;
    return -1;
}

int linuxSyncFileSystem(int descriptor) { return syncfs(descriptor); }

int linuxNotifyMachine(unsigned machine, unsigned port, const char *text) {
    struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_cid = machine, .svm_port = port};
    // systemd listens for datagrams where the hypervisor has them, else for streams.
    int kinds[] = {SOCK_DGRAM, SOCK_STREAM};
    for (int index = 0; index < 2; index++) {
        int socketDescriptor = socket(AF_VSOCK, kinds[index] | SOCK_CLOEXEC, 0);
        if (socketDescriptor < 0) continue;
        int sent = connect(socketDescriptor, (struct sockaddr *)&address, sizeof address) == 0 &&
                   send(socketDescriptor, text, strlen(text), MSG_NOSIGNAL) >= 0;
        close(socketDescriptor);
        if (sent) return 0;
    }
    return -1;
}
