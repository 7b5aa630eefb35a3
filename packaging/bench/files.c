// files DIR undurable|batch|each: what a C loop needs for the same 1000 small files.
// undurable: just written · batch: temp files, one syncfs, renames, one fsync of the directory · each: an fsync a file
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int count, char **words) {
    if (count != 3 || (mkdir(words[1], 0755), chdir(words[1]) != 0)) return 64;
    int isEach = !strcmp(words[2], "each"), isBatch = !strcmp(words[2], "batch");
    char name[64], temporary[80], text[64];
    for (int number = 0; number < 1000; number++) {
        snprintf(name, sizeof name, "f%04d", number);
        snprintf(temporary, sizeof temporary, ".%s.tmp", name);
        int length = snprintf(text, sizeof text, "content of file %d\n", number);
        int file = open(isEach || isBatch ? temporary : name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (file < 0 || write(file, text, length) != length) return 1;
        if (isEach && fsync(file) != 0) return 1;
        close(file);
        if (isEach && rename(temporary, name) != 0) return 1;
    }
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    if (isBatch) {
        if (syncfs(directory) != 0) return 1;
        for (int number = 0; number < 1000; number++) {
            snprintf(name, sizeof name, "f%04d", number);
            snprintf(temporary, sizeof temporary, ".%s.tmp", name);
            if (rename(temporary, name) != 0) return 1;
        }
    }
    return (isEach || isBatch) && fsync(directory) != 0;
}
