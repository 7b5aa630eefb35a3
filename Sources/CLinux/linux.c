#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

const int linuxNoAccessTime = O_NOATIME;
const int linuxUnnamedFile = O_TMPFILE;

int linuxPipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }
int linuxExchange(int directory, const char *one, int other, const char *another) {
    return renameat2(directory, one, other, another, RENAME_EXCHANGE);
}
int linuxSyncFileSystem(int descriptor) { return syncfs(descriptor); }
