// Linux calls that Swift's Glibc module doesn't show, since they need _GNU_SOURCE. Each is what its name says (man 2).
#pragma once

extern const int linuxNoAccessTime;    // O_NOATIME
extern const int linuxUnnamedFile;     // O_TMPFILE

int linuxPipe(int ends[2]);                                                         // pipe2, O_CLOEXEC
int linuxExchange(int directory, const char *one, int other, const char *another);  // renameat2, RENAME_EXCHANGE
// Writes the number of each of these signals to the descriptor as one byte; if once, the second one ends the process.
int linuxCatchSignals(int descriptor, const int *signals, int count, int once);
// This program anew in a session of its own, with /dev/null as 0, 1 and 2 and nothing else open but the kept descriptor.
// Its process id; -1: see errno.
int linuxStartDetached(char *const words[], int kept, int as);
// A cat(1) in a session of its own reads the descriptor to its end, whatever becomes of us; it has nothing else open.
int linuxReadToEnd(int descriptor);
int linuxForbidCoreDump(void);                                                      // prctl, PR_SET_DUMPABLE; programs that it starts may dump
int linuxSyncFileSystem(int descriptor);                                            // syncfs
// One datagram to a socket of another machine (vsock(7)), as sd_notify sends it.
int linuxNotifyMachine(unsigned machine, unsigned port, const char *text);
